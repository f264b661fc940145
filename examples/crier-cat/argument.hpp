#pragma once

#include <crier/client/options.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

/// What the texts of arguments mean. They throw
/// `CLI::ValidationError` on what means nothing.
namespace cat::argument {

std::uint64_t count(const std::string& option, const std::string& text);
std::chrono::milliseconds seconds(const std::string& option, const std::string& text);

/// A URL without a scheme is one of http, as for curl.
std::string url(const std::string& text);

/// `Name: value`.
crier::header_field header(std::string_view text);

/// The text itself, or of `@FILE` what the file holds.
std::string body(const std::string& text);

/// What is wrong with the name of a use of colours; nothing with that of one.
std::string check_color(const std::string& when);

/// Whether to use colours on a file: `auto`, `always` or `never`.
bool color(std::string_view when, int file);

} // namespace cat::argument
