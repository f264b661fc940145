#include "printable.hpp"

#include <algorithm>

namespace cat {
namespace {

struct character {
    char32_t code = 0;
    std::size_t size = 1;
};

bool is_continuation(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// The first character. One that is encoded longer than need be counts as what it stands for:
/// there may be a terminal that reads it so.
character first_of(std::string_view text) noexcept {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t size = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (size == 1 || text.size() < size ||
        !std::ranges::all_of(text.substr(1, size - 1), is_continuation)) {
        return {first};
    }
    char32_t code = first & (0x7FU >> size);
    for (const char next : text.substr(1, size - 1)) {
        code = code << 6U | (static_cast<unsigned char>(next) & 0x3FU);
    }
    return {code, size};
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
        if (is_control(next.code)) {
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
