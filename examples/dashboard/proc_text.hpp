#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dashboard {

/// Throws std::runtime_error with the file's name and the reason, as it can be shown.
[[noreturn]] void fail(std::string_view file, std::string_view what);

/// The whole file; throws std::runtime_error if it cannot be read.
std::string read_file(const std::filesystem::path& path);

/// The lines of a text, without empty ones.
std::vector<std::string_view> lines(std::string_view text);

/// The words of a line, separated by blanks.
std::vector<std::string_view> words(std::string_view line);

/// The text with a '?' for each byte that is not valid UTF-8. The kernel allows any bytes as the
/// name of a process or an interface; JSON does not.
std::string valid_utf8(std::string_view text);

/// How far a counter advanced; 0 if it wrapped or was reset.
inline std::uint64_t advance(std::uint64_t before, std::uint64_t after) {
    return after > before ? after - before : 0;
}

/// A whole word as a number; throws std::runtime_error, which names the file.
template <typename T>
    requires std::integral<T> || std::floating_point<T>
T number(std::string_view file, std::string_view word) {
    T value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size())
        fail(file, "\"" + valid_utf8(word) + "\" is not a number");
    return value;
}

} // namespace dashboard
