#pragma once

#include "text.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace crier::detail {

/// The code point of a valid sequence.
constexpr char32_t code_point(std::string_view sequence) noexcept {
    const auto lead = static_cast<unsigned char>(sequence.front());
    char32_t code = sequence.size() == 1 ? lead : lead & (0x7FU >> sequence.size());
    for (const char next : sequence.substr(1)) {
        code = code << 6U | (static_cast<unsigned char>(next) & 0x3FU);
    }
    return code;
}

/// Whether a character leaves a line and a terminal as they are: no control, no line end, nothing
/// that sets the direction of writing. Source: Unicode 15, categories Cc, Zl and Zp, Bidi_Control.
constexpr bool is_printable(char32_t c) noexcept {
    constexpr std::pair<char32_t, char32_t> others[] = {{0x00, 0x1F}, {0x7F, 0x9F},
        {0x061C, 0x061C}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}};
    return std::ranges::none_of(
        others, [c](const auto& range) { return range.first <= c && c <= range.second; });
}

/// Calls `use` with the text's characters: what is not printable is escaped as in JSON, what is not
/// UTF-8 is U+FFFD. Takes no memory.
template <class Use>
void for_each_printable(std::string_view text, Use use) {
    for_each_sequence(text, [&use](std::string_view sequence) {
        const char32_t code = code_point(sequence);
        if (is_printable(code)) {
            use(sequence);
        } else if (code == '\n') {
            use(std::string_view{"\\n"});
        } else if (code == '\r') {
            use(std::string_view{"\\r"});
        } else if (code == '\t') {
            use(std::string_view{"\\t"});
        } else {
            constexpr std::string_view digits = "0123456789abcdef";
            const char escape[]{'\\', 'u', digits[code >> 12U & 15U], digits[code >> 8U & 15U],
                digits[code >> 4U & 15U], digits[code & 15U]};
            use(std::string_view{escape, sizeof escape});
        }
    });
}

/// Text from outside, as it is to be told.
inline std::string printable(std::string_view text) {
    std::string result;
    for_each_printable(text, [&result](std::string_view each) { result += each; });
    return result;
}

} // namespace crier::detail
