#include <crier/wire/parser.hpp>

#include "support/parsing.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using crier::test::feed;
using crier::test::in_pieces;
using crier::test::parse;
using crier::test::received;
using namespace std::chrono_literals;

namespace {

std::vector<received> events_of(crier::parser& parser, std::string_view bytes) {
    std::vector<received> events;
    CHECK(!feed(parser, bytes, events));
    return events;
}

} // namespace

TEST_CASE("next takes the bytes of one event and leaves the rest") {
    crier::parser parser;
    std::string_view input = "retry: 5\ndata: 1\n\n:c\n\ndata: 2\n\ndata: 3";
    const auto first = parser.next(input).value();
    REQUIRE(first);
    CHECK(first->type == "message");
    CHECK(first->data == "1");
    CHECK(first->id.empty());
    CHECK(first->retry == 5ms);
    CHECK(input == ":c\n\ndata: 2\n\ndata: 3");
    const auto second = parser.next(input).value();
    REQUIRE(second);
    CHECK(second->data == "2");
    CHECK(!second->retry);
    CHECK(input == "data: 3");
    CHECK(!parser.next(input).value());
    CHECK(input.empty());
    CHECK(!parser.next(input).value());
}

TEST_CASE("an event outlives the bytes that it was read from, until the next call") {
    crier::parser parser;
    std::vector<char> bytes;
    for (const char c : std::string_view{"event: t\nid: 7\ndata: 1\n\n"}) {
        bytes.push_back(c);
    }
    std::string_view input{bytes.data(), bytes.size()};
    const auto event = parser.next(input).value();
    bytes.assign(bytes.size(), '?');
    REQUIRE(event);
    CHECK(event->type == "t");
    CHECK(event->data == "1");
    CHECK(event->id == "7");
}

TEST_CASE("the last event id is that of the event just given, not of the bytes after it") {
    crier::parser parser;
    std::string_view input = "id: 1\ndata: x\n\nid: 2\ndata: y\n\n";
    CHECK(parser.next(input).value());
    CHECK(parser.last_event_id() == "1");
    CHECK(parser.next(input).value());
    CHECK(parser.last_event_id() == "2");
}

TEST_CASE("a retry time is in force from its line on") {
    crier::parser parser;
    CHECK(!parser.retry());
    CHECK(events_of(parser, "data: x\nretry: 5").empty());
    CHECK(!parser.retry());
    CHECK(events_of(parser, "\n").empty());
    CHECK(parser.retry() == 5ms);
}

TEST_CASE("restart forgets what is unfinished") {
    struct unfinished {
        const char* what;
        std::string before;
        std::string after;
        std::vector<received> events;
    };
    const std::string long_text(20'000, 'a');
    const unfinished cases[] = {
        {"half a line", "data: 1\n\ndata: 2", "data: 3\n\n", {{.data = "3"}}},
        {"a name", "da", "ta: 1\n\ndata: 2\n\n", {{.data = "2"}}},
        {"data", "data: 1\n", "\ndata: 2\n\n", {{.data = "2"}}},
        {"a type", "event: t\n", "data: 1\n\n", {{.data = "1"}}},
        {"an id", "id: 1\n", "data: 1\n\n", {{.data = "1"}}},
        {"a retry time of the block", "retry: 5\n", "data: 1\n\n", {{.data = "1"}}},
        {"half a sequence", "data: \xE2\x82", "\xAC\n\ndata: \xAC\n\n", {{.data = "\uFFFD"}}},
        {"a byte order mark", "\xEF\xBB",
            "\xBF"
            "data: 1\n\ndata: 2\n\n",
            {{.data = "2"}}},
        {"a CR, after which a LF would be nothing", "data: 1\r",
            "\n\xEF\xBB\xBF"
            "data: 2\n\n",
            {}},
        {"half a long line of data", "data: " + long_text, "data: 1\n\n", {{.data = "1"}}},
        {"half a sequence of a long line", "data: " + long_text + "\xE2\x82",
            "\xAC"
            "data: 1\n\ndata: 2\n\n",
            {{.data = "2"}}},
        {"half a long comment", ":" + long_text, "data: 1\n\n", {{.data = "1"}}},
        {"an event that is over", "data: 1\n\n", "\ndata: 2\n\n", {{.data = "2"}}},
        {"nothing", "", "data: 1\n\n", {{.data = "1"}}},
    };
    for (const auto& [what, before, after, events] : cases) {
        for (const std::size_t size : {std::size_t{1}, std::size_t{40'000}}) {
            CAPTURE(what);
            CAPTURE(size);
            crier::parser parser;
            std::vector<received> ignored;
            for (const auto piece : in_pieces(before, size)) {
                CHECK(!feed(parser, piece, ignored));
            }
            parser.restart();
            std::vector<received> read;
            for (const auto piece : in_pieces(after, size)) {
                CHECK(!feed(parser, piece, read));
            }
            CHECK(read == events);
        }
    }
}

TEST_CASE("restart keeps the last event id and the retry time") {
    crier::parser parser;
    CHECK(events_of(parser, "id: 1\nretry: 5\ndata: x\n\nid: 2\nretry: 6\ndata: y").size() == 1);
    parser.restart();
    CHECK(parser.last_event_id() == "1");
    CHECK(parser.retry() == 6ms);
    CHECK(events_of(parser, "data: z\n\n") == std::vector<received>{{.data = "z", .id = "1"}});
    parser.restart();
    parser.restart();
    CHECK(parser.last_event_id() == "1");
    CHECK(parser.retry() == 6ms);
}

TEST_CASE("restart expects a byte order mark again, once") {
    crier::parser parser;
    const std::string marked = "\xEF\xBB\xBF"
                               "data: 1\n\n";
    CHECK(events_of(parser, marked).size() == 1);
    CHECK(events_of(parser, marked).empty());
    parser.restart();
    CHECK(events_of(parser, marked).size() == 1);
    CHECK(events_of(parser, marked).empty());
}

TEST_CASE("a parser can be moved and copied in the middle of a line") {
    crier::parser first;
    CHECK(events_of(first, "id: 1\nevent: t\ndata: a\ndata: b").empty());
    crier::parser copy = first;
    crier::parser moved = std::move(first);
    const std::vector<received> expected{{"t", "a\nbc", "1"}};
    CHECK(events_of(copy, "c\n\n") == expected);
    CHECK(events_of(moved, "c\n\n") == expected);
}

TEST_CASE("pieces may be shared by messages, and a hundred messages by one piece") {
    CHECK(parse({"data: hel", "lo\n\ndata: wor", "ld\n\n"}).events ==
          std::vector<received>{{.data = "hello"}, {.data = "world"}});
    std::string stream;
    std::vector<received> expected;
    for (int i = 0; i < 100; ++i) {
        stream += "data: message " + std::to_string(i) + "\n\n";
        expected.push_back({.data = "message " + std::to_string(i)});
    }
    CHECK(parse({stream}).events == expected);
    CHECK(parse(in_pieces(stream, 1)).events == expected);
}
