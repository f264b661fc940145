#include "../../examples/crier-cat/printable.hpp"

#include <doctest/doctest.h>

#include <string>

using cat::printable;

TEST_CASE("controls and marks of direction are shown, tabs and other characters stay") {
    CHECK(printable("a\tb caf\u00e9 \U0001F600") == "a\tb caf\u00e9 \U0001F600");
    CHECK(printable("\x1b\x7f\u0080\u009f\u2028\u2029") ==
          "\\u001b\\u007f\\u0080\\u009f\\u2028\\u2029");
    CHECK(printable("\u061c\u200e\u202a\u202e\u2066\u2069") ==
          "\\u061c\\u200e\\u202a\\u202e\\u2066\\u2069");
}

TEST_CASE("no byte that is not UTF-8 gets to the terminal") {
    const std::string replaced = "\uFFFD";
    CHECK(printable("\x9b") == replaced);
    CHECK(printable("\xff") == replaced);
    CHECK(printable("\xc3") == replaced);
    CHECK(printable("\xc0\x9b") == replaced + replaced); // longer than need be
    CHECK(printable("\xe0\x82\x9b") == replaced + replaced + replaced);
    CHECK(printable("\xed\xa0\x80") == replaced + replaced + replaced); // a surrogate
    CHECK(printable("\xf4\x90\x80\x80") == replaced + replaced + replaced + replaced);
    CHECK(printable("\xf8\x88\x80\x80\x80").find('\x88') == std::string::npos);
    CHECK(printable("\xe2\x82z") == replaced + replaced + "z");
}
