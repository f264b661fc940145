#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

// Percent-encoding. Source: RFC 3986, section 2.1.

inline constexpr std::size_t escape_size = 3;

/// What the escape at the beginning of a text stands for: "A" for "%41...".
inline std::optional<char> escape_at(std::string_view text) noexcept {
    if (text.size() < escape_size || text[0] != '%') {
        return std::nullopt;
    }
    unsigned char byte = 0;
    const char* const digits = text.data() + 1;
    const bool whole = std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
    return whole ? std::optional{static_cast<char>(byte)} : std::nullopt;
}

/// The text without escapes; nothing where a "%" begins none.
inline std::optional<std::string> without_escapes(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const auto byte = escape_at(text);
        if (!byte && text[0] == '%') {
            return std::nullopt;
        }
        result.push_back(byte.value_or(text[0]));
        text.remove_prefix(byte ? escape_size : 1);
    }
    return result;
}

/// The text with escapes for all but the bytes from 0x21 to 0x7E, and for "%".
inline std::string with_escapes(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    result.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x21 || byte > 0x7E || c == '%') {
            result += {'%', digits[byte / digits.size()], digits[byte % digits.size()]};
        } else {
            result += c;
        }
    }
    return result;
}

} // namespace crier::detail
