#include "printable.hpp"

#include <algorithm>
#include <utility>

namespace cat {
namespace {

struct character {
    char32_t code = 0;
    std::size_t size = 1;
    bool is_valid = true;
};

bool is_continuation(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Whether that is how a code point is encoded: no longer than need be, and no surrogate.
bool is_encoded_so(char32_t code, std::size_t size) noexcept {
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code >= least[size] && code <= 0x10FFFF && !is_surrogate;
}

/// The first character, or one byte that begins none.
character first_of(std::string_view text) noexcept {
    const auto first = static_cast<unsigned char>(text.front());
    if (first < 0x80) {
        return {first};
    }
    const std::size_t size = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    const std::string_view rest = text.substr(1, size - 1);
    char32_t code = first & (0x7FU >> size);
    for (const char next : rest) {
        code = code << 6U | (static_cast<unsigned char>(next) & 0x3FU);
    }
    const bool is_whole = size > 1 && first < 0xF8 && rest.size() == size - 1 &&
                          std::ranges::all_of(rest, is_continuation);
    return is_whole && is_encoded_so(code, size) ? character{code, size}
                                                 : character{first, 1, false};
}

/// C0 and C1 controls, line separators, and characters that set the direction of writing.
bool is_control(char32_t c) noexcept {
    constexpr std::pair<char32_t, char32_t> ranges[] = {{0x00, 0x08}, {0x0A, 0x1F}, {0x7F, 0x9F},
        {0x061C, 0x061C}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}};
    return std::ranges::any_of(
        ranges, [c](const auto& range) { return range.first <= c && c <= range.second; });
}

std::string escaped(char32_t c) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "\\u";
    for (unsigned shift = 16; shift != 0;) {
        shift -= 4;
        text += digits[c >> shift & 0xFU];
    }
    return text;
}

} // namespace

std::string printable(std::string_view text, const painter& paint) {
    std::string shown;
    while (!text.empty()) {
        const character next = first_of(text);
        if (!next.is_valid) {
            shown += "\xEF\xBF\xBD";
        } else if (is_control(next.code)) {
            shown += paint(look::escape, escaped(next.code));
        } else {
            shown += text.substr(0, next.size);
        }
        text.remove_prefix(next.size);
    }
    return shown;
}

std::size_t length(std::string_view text) noexcept {
    return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, is_continuation));
}

} // namespace cat
