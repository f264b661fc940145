#include "wire/text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using crier::detail::is_utf8;

namespace {

std::string utf8(char32_t point) {
    const auto tail = [point](int shift) {
        return static_cast<char>(0x80 | ((point >> shift) & 0x3F));
    };
    if (point < 0x80) {
        return {static_cast<char>(point)};
    }
    if (point < 0x800) {
        return {static_cast<char>(0xC0 | (point >> 6)), tail(0)};
    }
    if (point < 0x10000) {
        return {static_cast<char>(0xE0 | (point >> 12)), tail(6), tail(0)};
    }
    return {static_cast<char>(0xF0 | (point >> 18)), tail(12), tail(6), tail(0)};
}

} // namespace

TEST_CASE("every code point but the surrogates is valid UTF-8, alone and among ASCII") {
    for (char32_t point = 0; point <= 0x10FFFF; ++point) {
        const bool scalar = point < 0xD800 || point > 0xDFFF;
        const std::string encoded = utf8(point);
        if (is_utf8(encoded) != scalar || is_utf8("12345678" + encoded + "1234567890") != scalar) {
            FAIL("wrong for code point " << static_cast<unsigned>(point));
        }
    }
}

TEST_CASE("overlong, cut and stray sequences are not valid UTF-8") {
    for (const char* bad : {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF",
             "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
             "\xFE", "\x80", "\xBF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xC3(", "\xE2(\xA1",
             "\xE2\x82(", "\xF0(\x8C\xBC", "\xF0\x9F\x98("}) {
        CHECK_FALSE(is_utf8(bad));
        CHECK_FALSE(is_utf8(std::string{"12345678"} + bad));
        CHECK_FALSE(is_utf8(std::string{bad} + "12345678"));
    }
}

TEST_CASE("a line ends at the first CR or LF wherever it stands") {
    for (std::size_t size = 0; size < 40; ++size) {
        const std::string plain(size, '\x0E');
        CHECK(crier::detail::line_length(plain) == size);
        CHECK(crier::detail::line_length(plain + "\n" + plain + "\r") == size);
        CHECK(crier::detail::line_length(plain + "\r" + plain + "\n") == size);
        CHECK(crier::detail::line_length(std::string(size, '\x8D') + "\r") == size);
    }
}

TEST_CASE("a text with n line ends has n + 1 lines") {
    std::vector<std::string> lines;
    crier::detail::for_each_line(
        "\r\n\n\ra\r\r\nb", [&](std::string_view line) { lines.emplace_back(line); });
    CHECK(lines == std::vector<std::string>{"", "", "", "a", "", "b"});
}
