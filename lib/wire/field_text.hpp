#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace crier::detail {

// What HTTP fields are made of. Source: RFC 9110, section 5.5 and 5.6.2.

constexpr bool is_token_character(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos);
}

inline bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, is_token_character);
}

/// Any byte but controls; a tab may stand in a value.
constexpr bool is_value_character(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= ' ' && byte != 0x7F);
}

/// Of an ASCII letter; all else stays.
constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// Without regard to the case of ASCII letters.
inline bool same(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, lower, lower);
}

/// Takes all up to the separator, or to the end, off the text.
inline std::string_view take_until(std::string_view& text, std::string_view separator) noexcept {
    const std::size_t at = text.find(separator);
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(at == text.npos ? text.size() : at + separator.size());
    return taken;
}

inline std::string_view trimmed(std::string_view text) noexcept {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

/// Whether one of a list's elements, which commas part, is such a one.
template <class Predicate>
bool any_in(std::string_view list, Predicate is_such) {
    while (!list.empty()) {
        if (is_such(trimmed(take_until(list, ",")))) {
            return true;
        }
    }
    return false;
}

} // namespace crier::detail
