#include "wire/printable.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using crier::detail::printable;

TEST_CASE("text without controls is told as it is") {
    for (const std::string text : {"", "a \"b\" \\ c", "caf\u00e9 \u00a0",
             "\u200d\u2027\u202f\u2065\u206a", "\U0001F600", "\uFFFD"}) {
        CAPTURE(text);
        CHECK(printable(text) == text);
    }
}

TEST_CASE("controls, line ends and marks of direction are escaped, wherever they stand") {
    const std::pair<std::string, std::string> cases[] = {{"\n", "\\n"}, {"\r", "\\r"},
        {"\t", "\\t"}, {"\x1b[2J", "\\u001b[2J"}, {std::string(1, '\0'), "\\u0000"},
        {"\x1f", "\\u001f"}, {"\x7f", "\\u007f"}, {"\u0080", "\\u0080"}, {"\u009b1m", "\\u009b1m"},
        {"\u009f", "\\u009f"}, {"\u061c", "\\u061c"}, {"\u200e", "\\u200e"}, {"\u200f", "\\u200f"},
        {"\u2028", "\\u2028"}, {"\u2029", "\\u2029"}, {"\u202a", "\\u202a"}, {"\u202e", "\\u202e"},
        {"\u2066", "\\u2066"}, {"\u2069", "\\u2069"}};
    for (const auto& [text, told] : cases) {
        CAPTURE(told);
        CHECK(printable(text) == told);
        CHECK(printable("a" + text + "\U0001F600" + text) == "a" + told + "\U0001F600" + told);
    }
}

TEST_CASE("what is not UTF-8 becomes U+FFFD") {
    CHECK(printable("a\x9b\xff") == "a\uFFFD\uFFFD");
    CHECK(printable("\xC0\x9B") == "\uFFFD\uFFFD");
    CHECK(printable("\xE2\x80") == "\uFFFD");
    CHECK(printable("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");
}
