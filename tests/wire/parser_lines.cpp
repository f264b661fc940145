#include "wire/vectors.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using crier::test::check_vectors;
using crier::test::parse;
using crier::test::parsed;
using crier::test::received;
using crier::test::test_vector;
using namespace std::string_literals;

namespace {

constexpr const char* line_ends[] = {"\n", "\r\n", "\r"};

/// The text with each line feed as the given line end.
std::string with_ends(const std::string& text, const std::string& line_end) {
    std::string result;
    for (const char c : text) {
        result += c == '\n' ? line_end : std::string(1, c);
    }
    return result;
}

} // namespace

TEST_CASE("one byte order mark is dropped, at the start of the stream only") {
    const std::string bom = "\xEF\xBB\xBF";
    const test_vector vectors[] = {
        {"one is stripped", bom + "data: 1\n\n", {{{.data = "1"}}}},
        {"none is needed", "data: 1\n\n", {{{.data = "1"}}}},
        {"format-bom: at the start of a later block it is part of a name",
            bom + "data:1\n\n" + bom + "data:2\n\ndata:3\n\n", {{{.data = "1"}, {.data = "3"}}}},
        {"format-bom-2: of two the second is part of a name",
            bom + bom + "data:1\n\ndata:2\n\ndata:3\n\n", {{{.data = "2"}, {.data = "3"}}}},
        {"of two the second is part of a comment's line, which is none", bom + bom + ":c\n:d\n",
            {.comments = {"d"}}},
        {"at the second line it is part of a name", "data: 1\n" + bom + "data: 2\n\n",
            {{{.data = "1"}}}},
        {"after a blank line it is part of a name", "\n" + bom + "data: 1\n\n", {}},
        {"after a bare CR it is part of a name", "\r" + bom + "data: 1\n\n", {}},
        {"within data it is kept", "data: 1" + bom + "\ndata:" + bom + "\n\n",
            {{{.data = "1" + bom + "\n" + bom}}}},
        {"before type and id", bom + "event: t\nid: 7\ndata: 1\n\n",
            {.events = {{"t", "1", "7"}}, .last_event_id = "7"}},
        {"before several events", bom + "data: 1\n\ndata: 2\n\ndata: 3\n\n",
            {{{.data = "1"}, {.data = "2"}, {.data = "3"}}}},
        {"before data of two lines", bom + "data: 1\ndata: 2\n\n", {{{.data = "1\n2"}}}},
        {"before a comment", bom + ": c\ndata: 1\n\n", {{{.data = "1"}}, {" c"}}},
        {"before empty data", bom + "data:\n\n", {{{.data = ""}}}},
        {"before a blank line", bom + "\ndata: 1\n\n", {{{.data = "1"}}}},
        {"before a retry time", bom + "retry: 5\n", {.retry = std::chrono::milliseconds{5}}},
        {"alone", bom, {}},
        {"cut short it is part of a name",
            "\xEF\xBB"
            "data: 1\n\ndata: 2\n\n",
            {{{.data = "2"}}}},
        {"that of UTF-16 is part of a name",
            "\xFF\xFE"
            "data: 1\n\ndata: 2\n\n",
            {{{.data = "2"}}}},
    };
    check_vectors(vectors);
}

TEST_CASE("each line may end with LF, CRLF or CR") {
    struct shape {
        const char* name;
        const char* stream;
        std::vector<received> events;
    };
    const shape shapes[] = {
        {"one line", "data: 1\n\n", {{.data = "1"}}},
        {"one line, then two", "data: 1\n\ndata: 2\ndata: 3\n\n",
            {{.data = "1"}, {.data = "2\n3"}}},
        {"an empty line of data first", "data:\ndata: 1\n\n", {{.data = "\n1"}}},
        {"an empty line of data in the middle", "data: 1\ndata:\ndata: 2\n\n",
            {{.data = "1\n\n2"}}},
        {"one blank line more", "data: 1\n\n\ndata: 2\n\n\n", {{.data = "1"}, {.data = "2"}}},
        {"two blank lines more", "data: 1\n\n\n\ndata: 2\n\n\n\n", {{.data = "1"}, {.data = "2"}}},
        {"blank lines first", "\n\ndata: 1\n\n", {{.data = "1"}}},
    };
    for (const auto& [name, stream, events] : shapes) {
        for (const char* line_end : line_ends) {
            CAPTURE(crier::test::printable(line_end));
            const test_vector vectors[] = {{name, with_ends(stream, line_end), {events}}};
            check_vectors(vectors);
        }
    }
}

TEST_CASE("line ends of all kinds may follow one another") {
    for (const std::string first : line_ends) {
        for (const std::string second : line_ends) {
            for (const std::string third : line_ends) {
                const std::string ends = first + "data: 2" + second + third;
                CAPTURE(crier::test::printable(ends));
                const bool pair = second == "\r" && third == "\n";
                const auto events =
                    pair ? std::vector<received>{} : std::vector{received{.data = "1\n2"}};
                const test_vector vectors[] = {{"mixed", "data: 1" + ends, {events}}};
                check_vectors(vectors);
            }
        }
    }
    const test_vector vectors[] = {
        {"format-newlines: CRLF, LF and a CR at the very end", "data: 1\r\ndata\ndata: 2\r\n\r",
            {{{.data = "1\n\n2"}}}},
        {"two CR are two line ends", "data: 1\r\rdata: 2\r\r", {{{.data = "1"}, {.data = "2"}}}},
        {"LF and CR are two line ends", "data: 1\n\rdata: 2\n\r", {{{.data = "1"}, {.data = "2"}}}},
        {"CR and CRLF are two line ends", "data: 1\r\r\ndata: 2\r\r\n",
            {{{.data = "1"}, {.data = "2"}}}},
        {"CRLF and LF are two line ends", "data: 1\r\n\ndata: 2\r\n\n",
            {{{.data = "1"}, {.data = "2"}}}},
        {"the LF of a CRLF ends no line of its own", "data: 1\r\ndata: 2\r\n\r\n",
            {{{.data = "1\n2"}}}},
        {"NEL, LS, PS, VT and FF end no line",
            "data: a\xC2\x85"
            "b\xE2\x80\xA8"
            "c\xE2\x80\xA9"
            "d\x0B"
            "e\x0C"
            "f\n\n",
            {{{.data = "a\xC2\x85"
                       "b\xE2\x80\xA8"
                       "c\xE2\x80\xA9"
                       "d\x0B"
                       "e\x0C"
                       "f"}}}},
    };
    check_vectors(vectors);
}

TEST_CASE("a CR at the end of what was read ends its line at once") {
    std::vector<received> events;
    crier::parser parser;
    CHECK(!crier::test::feed(parser, "data: 1\r\n\r", events));
    CHECK(events == std::vector<received>{{.data = "1"}});
    CHECK(!crier::test::feed(parser, "\ndata: 2\r", events));
    CHECK(events.size() == 1);
    CHECK(!crier::test::feed(parser, "\r", events));
    CHECK(events.size() == 2);
    CHECK(!crier::test::feed(parser, "\n", events));
    CHECK(!crier::test::feed(parser, "data: 3\n", events));
    CHECK(!crier::test::feed(parser, "\n", events));
    CHECK(events == std::vector<received>{{.data = "1"}, {.data = "2"}, {.data = "3"}});
}

TEST_CASE("comments are told and leave the event alone") {
    const std::string two_kib(2048, 'x');
    const test_vector vectors[] = {
        {"one", ": one\n", {.comments = {" one"}}},
        {"two in a row", ":one\n: two\n", {.comments = {"one", " two"}}},
        {"before an event", ":c\ndata: 1\n\n", {{{.data = "1"}}, {"c"}}},
        {"after an event", "data: 1\n\n:c\n", {{{.data = "1"}}, {"c"}}},
        {"format-comments: empty, NUL, 2 KiB, all line ends, `:data:`, between lines of data",
            "data:1\r:\0\n:\r\ndata:2\n:"s + two_kib + "\rdata:3\n:data:fail\r:" + two_kib +
                "\ndata:4\n\n",
            {{{.data = "1\n2\n3\n4"}}, {"\0"s, "", two_kib, "data:fail", two_kib}}},
        {"a heartbeat", ":\n\n:\n\ndata: 1\n\n:\n\n", {{{.data = "1"}}, {"", "", ""}}},
        {"a comment neither ends a block nor is data", "event: t\n:c\n\ndata: 1\n\n",
            {{{.data = "1"}}, {"c"}}},
        {"a colon within is part of it", "::a: b\n", {.comments = {":a: b"}}},
        {"not before its line has ended", "data: 1\n\n: c", {{{.data = "1"}}}},
        {"leading spaces are kept", ":  two\n", {.comments = {"  two"}}},
        {"a space before the colon makes it a field", " : c\n", {}},
        {"non-ASCII", ":\xC3\xA9\n", {.comments = {"\xC3\xA9"}}},
        {"invalid UTF-8", ":a\xE2\x82\n:\xFF\n", {.comments = {"a\uFFFD", "\uFFFD"}}},
    };
    check_vectors(vectors);
}

TEST_CASE("a comment is told once its line has ended, without a blank line") {
    for (const char* line_end : line_ends) {
        std::vector<std::string> comments;
        crier::parser_options options;
        options.on_comment = [&](std::string_view text) { comments.emplace_back(text); };
        crier::parser parser{options};
        std::vector<received> events;
        CHECK(!crier::test::feed(parser, "data: 1\n:ping", events));
        CHECK(comments.empty());
        CHECK(!crier::test::feed(parser, std::string(1, *line_end), events));
        CHECK(comments == std::vector<std::string>{"ping"});
        CHECK(events.empty());
    }
}

TEST_CASE("comments are passed over where nobody listens") {
    std::vector<received> events;
    crier::parser parser;
    CHECK(!crier::test::feed(parser, ":a\ndata: 1\n:" + std::string(50'000, 'c') + "\n\n", events));
    CHECK(events == std::vector<received>{{.data = "1"}});
}
