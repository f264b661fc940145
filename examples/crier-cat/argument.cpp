#include "argument.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <system_error>

namespace cat::argument {
namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(" \t\r"), text.size());
    return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

std::string_view variable(const char* name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string content_of(const std::string& option, const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    std::string content{std::istreambuf_iterator<char>{in}, {}};
    if (!in.is_open() || in.bad()) {
        throw CLI::ValidationError{option, path + " cannot be read"};
    }
    return content;
}

crier::header_field header(std::string_view text, const std::string& shown) {
    const std::size_t colon = text.find(':');
    if (colon == text.npos) {
        throw CLI::ValidationError{"--header", shown + " is not 'Name: value'"};
    }
    return {std::string{text.substr(0, colon)}, std::string{trimmed(text.substr(colon + 1))}};
}

std::string in_quotes(std::string_view text) { return '"' + std::string{text} + '"'; }

template <class T>
std::optional<T> number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = error == std::errc{} && end == text.data() + text.size();
    return is_number ? std::optional{value} : std::nullopt;
}

} // namespace

std::uint64_t count(const std::string& option, const std::string& text) {
    const auto value = number<std::uint64_t>(text);
    if (!value || *value == 0) {
        throw CLI::ValidationError{option, in_quotes(text) + " is not a whole number over 0"};
    }
    return *value;
}

std::chrono::milliseconds seconds(const std::string& option, const std::string& text) {
    constexpr double longest = 1e9;
    const double value = number<double>(text).value_or(0);
    if (value > 0 && value <= longest) {
        return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>{value});
    }
    throw CLI::ValidationError{option, in_quotes(text) + " is not a number of seconds over 0"};
}

std::string url(const std::string& text) {
    return text.find("://") == std::string::npos ? "http://" + text : text;
}

void add_headers(const std::string& text, std::vector<crier::header_field>& to) {
    if (!text.starts_with('@')) {
        to.push_back(header(text, in_quotes(text)));
        return;
    }
    const std::string path = text.substr(1);
    std::istringstream lines{content_of("--header", path)};
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        if (const std::string_view field = trimmed(line); !field.empty()) {
            // An error does not show what the file holds.
            to.push_back(header(field, path + ", line " + std::to_string(number) + ','));
        }
    }
}

std::string body(const std::string& text) {
    return text.starts_with('@') ? content_of("--body", text.substr(1)) : text;
}

std::string check_color(const std::string& when) {
    const bool known = when == "auto" || when == "always" || when == "never";
    return known ? "" : in_quotes(when) + " is not auto, always or never";
}

bool color(std::string_view when, int file) {
    if (when != "auto") {
        return when == "always";
    }
    return ::isatty(file) != 0 && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

} // namespace cat::argument
