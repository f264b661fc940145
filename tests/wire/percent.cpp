#include "wire/percent.hpp"

#include <doctest/doctest.h>

#include <string>

using crier::detail::escape_at;
using crier::detail::with_escapes;
using crier::detail::without_escapes;

TEST_CASE("an escape is a percent sign and two hexadecimal digits") {
    CHECK(escape_at("%41") == 'A');
    CHECK(escape_at("%41%42") == 'A');
    CHECK(escape_at("%fF") == '\xff');
    for (const char* text : {"", "%", "%4", "A41", "%4g", "%g4", "%+4", "%-4", "% 4", "%0x"}) {
        CAPTURE(text);
        CHECK_FALSE(escape_at(text));
    }
}

TEST_CASE("a text is without escapes only if all of them are whole") {
    CHECK(without_escapes("").value().empty());
    CHECK(without_escapes("a%20b+%2541").value() == "a b+%41");
    CHECK(without_escapes("%00").value() == std::string(1, '\0'));
    for (const char* text : {"%", "a%", "%4", "%%41", "%41%"}) {
        CAPTURE(text);
        CHECK_FALSE(without_escapes(text));
    }
}

TEST_CASE("a text with escapes is printable, and is the same without them") {
    CHECK(with_escapes("a-~!") == "a-~!");
    CHECK(with_escapes("a b%\r\n") == "a%20b%25%0D%0A");
    std::string all;
    for (int byte = 0; byte < 256; ++byte) {
        all += static_cast<char>(byte);
    }
    CHECK(without_escapes(with_escapes(all)).value() == all);
}
