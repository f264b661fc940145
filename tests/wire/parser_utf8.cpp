#include "wire/vectors.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

using crier::test::check_vectors;
using crier::test::decode_utf8;
using crier::test::parse;
using crier::test::received;
using crier::test::test_vector;

namespace {

std::string marks(std::size_t count) {
    std::string result;
    for (; count > 0; --count) {
        result += "\uFFFD";
    }
    return result;
}

/// All that tells bytes of UTF-8 apart: the ends of each range, and the leads with a rule of their
/// own.
constexpr std::array<unsigned char, 25> classes{'a', 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0,
    0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFE, 0xFF};

} // namespace

TEST_CASE("what is no UTF-8 becomes U+FFFD, one for each maximal subpart") {
    struct sample {
        const char* name;
        std::string bytes;
        std::string text;
    };
    const sample samples[] = {
        {"format-utf-8: valid, of every length", "a\u00E9\u20AC\U0001F600",
            "a\u00E9\u20AC\U0001F600"},
        {"the ends of the ranges", "\u0080\u07FF\u0800\uD7FF\uE000\uFFFF\U00010000\U0010FFFF",
            "\u0080\u07FF\u0800\uD7FF\uE000\uFFFF\U00010000\U0010FFFF"},
        {"a lone continuation", "a\x80z", "a" + marks(1) + "z"},
        {"several", "\x80\xBF\x80", marks(3)},
        {"two bytes, cut", "\xC3", marks(1)},
        {"two bytes, cut by ASCII", "\xC3(", marks(1) + "("},
        {"three bytes, cut after one", "\xE2(", marks(1) + "("},
        {"three bytes, cut after two", "\xE2\x82(", marks(1) + "("},
        {"four bytes, cut after one", "\xF0(", marks(1) + "("},
        {"four bytes, cut after two", "\xF0\x9F(", marks(1) + "("},
        {"four bytes, cut after three", "\xF0\x9F\x98(", marks(1) + "("},
        {"cut by another sequence", "\xE2\x82\u20AC\xF0\x9F\u00E9",
            marks(1) + "\u20AC" + marks(1) + "\u00E9"},
        {"a byte that begins nothing", "\xFF\xFE\xF8", marks(3)},
        {"overlong, two bytes", "\xC0\x80\xC1\xBF", marks(4)},
        {"overlong, three bytes", "\xE0\x80\x80\xE0\x9F\xBF", marks(6)},
        {"overlong, four bytes", "\xF0\x80\x80\x80\xF0\x8F\xBF\xBF", marks(8)},
        {"surrogates", "\xED\xA0\x80\xED\xBF\xBF", marks(6)},
        {"past U+10FFFF", "\xF4\x90\x80\x80\xF5\x80\x80\x80", marks(8)},
        {"Unicode table 3-8", "\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", marks(8) + "A"},
        {"Unicode table 3-9", "\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", marks(8) + "A"},
        {"Unicode table 3-10", "\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42",
            marks(5) + "A" + marks(2) + "B"},
        {"Unicode table 3-11", "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", marks(4) + "A"},
        {"non-characters and U+FFFD itself are valid", "\uFFFE\uFFFD", "\uFFFE\uFFFD"},
    };
    for (const auto& [name, bytes, text] : samples) {
        CHECK(decode_utf8(bytes) == text);
        for (const char* line_end : {"\n", "\r", "\r\n"}) {
            const std::string end = line_end;
            const test_vector vectors[] = {
                {name,
                    "data: " + bytes + end + "event: " + bytes + end + "id:" + bytes + end + ":" +
                        bytes + end + end,
                    {.events = {{text, text, text}}, .comments = {text}, .last_event_id = text}},
            };
            check_vectors(vectors);
        }
    }
}

TEST_CASE("a sequence ends with its line") {
    const test_vector vectors[] = {
        {"its rest on the next line of data", "data: \xE2\x82\ndata: \xAC\n\n",
            {{{.data = "\uFFFD\n\uFFFD"}}}},
        {"its rest at the start of a line", "data: \xE2\n\x82\xAC\n\n", {{{.data = "\uFFFD"}}}},
        {"with a CR between", "data: \xF0\x9F\r\x98\x80\rdata: z\r\r", {{{.data = "\uFFFD\nz"}}}},
        {"in a name", "da\xC3\xA9ta: a\ndata\xFF: b\ndata: 1\n\n", {{{.data = "1"}}}},
        {"cut short by the colon", "data\xE2:a\nid\xC3:7\ndata: 1\n\n", {{{.data = "1"}}}},
        {"cut short by the end of the stream", "data: 1\n\ndata: \xE2\x82", {{{.data = "1"}}}},
    };
    check_vectors(vectors);
}

TEST_CASE("any bytes decode as by the standard's steps, however they are split") {
    std::string stream;
    std::vector<received> expected;
    const auto add = [&](const std::string& bytes) {
        stream += "data:" + bytes + "\n\n";
        expected.push_back({.data = decode_utf8(bytes)});
    };
    for (const unsigned char first : classes) {
        for (const unsigned char second : classes) {
            for (const unsigned char third : classes) {
                const std::string three{
                    static_cast<char>(first), static_cast<char>(second), static_cast<char>(third)};
                add(three);
                if (first >= 0xF0) {
                    for (const unsigned char fourth : classes) {
                        add(three + static_cast<char>(fourth) + "\x80");
                    }
                }
            }
        }
    }
    CHECK(expected.size() == 25 * 25 * 25 + 7 * 25 * 25 * 25);
    CHECK(crier::test::reference(stream).events == expected);
    for (const std::size_t size :
        {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{4096}, stream.size()}) {
        CAPTURE(size);
        CHECK((parse(crier::test::in_pieces(stream, size)).events == expected));
    }
}
