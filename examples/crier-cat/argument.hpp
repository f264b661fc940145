#pragma once

#include <crier/client/options.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Reads the texts of arguments. All functions throw `CLI::ValidationError` on a text that is not
/// valid.
namespace cat::argument {

std::uint64_t count(const std::string& option, const std::string& text);
std::chrono::milliseconds seconds(const std::string& option, const std::string& text);

/// A URL; the default scheme is http, as for curl.
std::string url(const std::string& text);

/// Adds `Name: value`, or for `@FILE` all such lines of the file: what it holds is secret, unlike
/// a command line.
void add_headers(const std::string& text, std::vector<crier::header_field>& to);

/// The text itself, or for `@FILE` the content of the file.
std::string body(const std::string& text);

/// Returns what is wrong with an argument of `--color`, empty if it is valid.
std::string check_color(const std::string& when);

/// Whether to use colours on a file; `when` is `auto`, `always` or `never`.
bool color(std::string_view when, int file);

} // namespace cat::argument
