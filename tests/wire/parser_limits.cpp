#include <crier/wire/errc.hpp>
#include <crier/wire/parser.hpp>

#include "support/parsing.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

using crier::errc;
using crier::test::feed;
using crier::test::in_pieces;
using crier::test::parse;
using crier::test::parsed;
using crier::test::received;

namespace {

constexpr std::size_t kib = 1024;

/// Around the sizes where the parser's buffers change, with room for what an event has beside data.
constexpr std::size_t limits[] = {
    64, 100, 4096, 8 * kib - 1, 8 * kib, 8 * kib + 1, 16 * kib, 16 * kib + 7, 40'000};

/// What the parser makes of the stream, which hangs on no split of it.
parsed parse_any_way(const std::string& stream, std::size_t limit) {
    const parsed whole = parse({stream}, limit);
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{1000},
             std::size_t{8 * kib}, std::size_t{8 * kib + 3}, std::size_t{16 * kib}}) {
        CAPTURE(size);
        CAPTURE(limit);
        CHECK((parse(in_pieces(stream, size), limit) == whole));
    }
    return whole;
}

/// The start of a line, and as much after it as makes it so long.
std::string line_of(std::size_t size, std::string start, char fill = 'x') {
    start.resize(size, fill);
    return start;
}

} // namespace

TEST_CASE("the limit is 1 MiB unless it is set") {
    CHECK(crier::parser_options{}.limit == kib * kib);
    CHECK(!parse({line_of(kib * kib, ":"), "\n"}).error);
    CHECK(parse({line_of(kib * kib + 1, ":"), "\n"}).error == errc::line_too_long);
}

TEST_CASE("without a limit events are as long as there is memory for") {
    constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    constexpr std::size_t much = 5 * kib * kib; // more than is taken at once
    for (const std::size_t size : {8 * kib + 1, 20 * kib, much}) {
        for (const std::size_t limit : {none, none / 2}) {
            CAPTURE(size);
            const parsed data = parse({line_of(size, "data:"), "\nid:1\n\n"}, limit);
            CHECK(!data.error);
            REQUIRE(data.events.size() == 1);
            CHECK(data.events[0].data == std::string(size - 5, 'x'));
            const parsed comment = parse({line_of(size, ":") + "\xff", "\n\n"}, limit);
            CHECK(!comment.error);
            REQUIRE(comment.comments.size() == 1);
            CHECK(comment.comments[0] == std::string(size - 1, 'x') + "\uFFFD");
        }
    }
}

TEST_CASE("a comment that grows by its repair is told as it is, wherever its buffer ends") {
    constexpr std::size_t at_once = 4 * kib * kib;
    for (const std::size_t size : {at_once / 4, at_once / 2 + 1}) {
        const parsed comment =
            parse({line_of(size, ":", '\xff'), "\n\n"}, std::numeric_limits<std::size_t>::max());
        REQUIRE(comment.comments.size() == 1);
        CHECK(comment.comments[0].size() == 3 * (size - 1));
        CHECK(comment.comments[0].find_first_not_of("\uFFFD") == std::string::npos);
    }
}

TEST_CASE("a line of as many bytes as the limit passes, one more is too long") {
    for (const std::size_t limit : limits) {
        for (const std::string before : {"", ":c\n", "\n\r\n\n", "event: t\n\n", "data: 1\n\n"}) {
            for (const std::string start : {":", "data:", "data: ", "foo:", "foo", "retry: 1"}) {
                CAPTURE(before);
                CAPTURE(start);
                const std::string line = line_of(limit, start);
                for (const char* line_end : {"\n", "\r", "\r\n"}) {
                    CHECK(!parse_any_way(before + line + line_end + "\n", limit).error);
                }
                const parsed over = parse_any_way(before + line + "x\n\n", limit);
                CHECK(over.error == errc::line_too_long);
                CHECK(over.events.size() == (before.starts_with("data") ? 1 : 0));
            }
        }
    }
}

TEST_CASE("a line is too long as soon as its bytes are over the limit, without its end") {
    for (const std::string start : {":", "data:", "foo"}) {
        const std::string line = line_of(100, start);
        CHECK(!parse_any_way(line, 100).error);
        CHECK(parse_any_way(line + "x", 100).error == errc::line_too_long);
        CHECK(parse_any_way(line_of(50'000, start), 100).error == errc::line_too_long);
    }
}

TEST_CASE("an event whose last line reaches the limit passes, one more byte is too large") {
    for (const std::size_t limit : limits) {
        // What is held before the last line: the data with their line feeds, type, id, and the id
        // of the event before.
        const std::string first = "id: 12\ndata: 1\n\n";
        const std::string start = first + "event: type\nid: 345\ndata: 12345\n";
        const std::size_t held = 2 + 4 + 3 + 6;
        const std::string last = line_of(limit - held, "data:");
        for (const char* line_end : {"\n", "\r\n"}) {
            const parsed at = parse_any_way(start + last + line_end + "\n", limit);
            CHECK(!at.error);
            REQUIRE(at.events.size() == 2);
            CHECK(at.events[1].data.size() == limit - held - 5 + 6);
        }
        const parsed over = parse_any_way(start + last + "x\n\n", limit);
        CHECK(over.error == errc::event_too_large);
        CHECK(over.events == std::vector<received>{{.data = "1", .id = "12"}});
        CHECK(over.last_event_id == "12");
    }
}

TEST_CASE("short lines without end are an event that is too large") {
    for (const std::string line : {"data\n", "data:1\n", "data: \xFF\n"}) {
        std::string stream;
        while (stream.size() < 200 * kib) {
            stream += line;
        }
        for (const std::size_t limit : {std::size_t{64}, 16 * kib, std::size_t{20'000}}) {
            CHECK(parse_any_way(stream, limit).error == errc::event_too_large);
        }
    }
}

TEST_CASE("lines that are no data take no room from the event") {
    std::string stream = "data: 1\n";
    while (stream.size() < 10 * kib) {
        stream += ": a comment\nfoo: a field\nretry: 7\nevent: t\nid: 8\n";
    }
    const parsed result = parse_any_way(stream + "\n", 64);
    CHECK(!result.error);
    CHECK(result.events.size() == 1);
}

TEST_CASE("what is no UTF-8 counts with the size of what replaces it") {
    for (const std::size_t limit : limits) {
        const auto outcome = [limit](const std::string& start, std::size_t invalid_bytes) {
            const std::string line = line_of(start.size() + invalid_bytes, start, '\xFF');
            return parse_any_way(line + "\n\n", limit).error;
        };
        const std::size_t most = (limit - 1) / 3; // with the line feed of the data
        CHECK(!outcome("data:", most));
        CHECK(outcome("data:", most + 1) == errc::event_too_large);
        CHECK(outcome("data:", limit));
        CHECK(outcome("id:", limit - 3) == errc::event_too_large);
        CHECK(outcome("event:", limit - 6) == errc::event_too_large);
        CHECK(outcome(":", limit - 1) == errc::event_too_large);
        CHECK(!outcome("foo:", limit - 4));
    }
}

TEST_CASE("a long type or id counts twice until its line has been read") {
    const std::size_t limit = 100 * kib;
    const std::string other = "id:1\n\n";
    for (const std::string name : {"event:", "id:"}) {
        const std::string half = line_of(limit / 2, name);
        CHECK(!parse_any_way(half + "\ndata: 1\n\n", limit).error);
        CHECK(!parse_any_way(other + half + "\ndata: 1\n\n", limit).error);
        CHECK(parse_any_way(line_of(limit / 2 + name.size(), name) + "\n", limit).error ==
              errc::event_too_large);
        const std::string third = line_of(limit / 3, name == "id:" ? "event:" : "id:");
        CHECK(parse_any_way(half + "\n" + third + "\n", limit).error == errc::event_too_large);
        CHECK(!parse_any_way(half + "\ndata: 1\n" + name + "\n\n", limit).error);
    }
}

TEST_CASE("an error stays until restart") {
    std::vector<received> events;
    crier::parser_options options;
    options.limit = 64;
    crier::parser parser{options};
    CHECK(!feed(parser, "id: 1\nretry: 5\ndata: 1\n\nid: 2\ndata: 2\n", events));
    CHECK(feed(parser, line_of(65, ""), events) == errc::event_too_large);
    CHECK(feed(parser, "", events) == errc::event_too_large);
    CHECK(feed(parser, "\n\ndata: 2\n\n", events) == errc::event_too_large);
    CHECK(events ==
          std::vector<received>{{.data = "1", .id = "1", .retry = std::chrono::milliseconds{5}}});
    CHECK(parser.last_event_id() == "1");
    parser.restart();
    CHECK(!feed(parser,
        "\xEF\xBB\xBF"
        "data: 3\n\n",
        events));
    CHECK(events.size() == 2);
    CHECK(events.back() == received{.data = "3", .id = "1"});
}

TEST_CASE("after a restart the whole limit is there again") {
    crier::parser_options options;
    options.limit = 20'000;
    crier::parser parser{options};
    for (const std::string start : {"data:", ":", "data: 1\ndata:", "event:"}) {
        for (const std::size_t size : {std::size_t{10}, std::size_t{19'000}, std::size_t{30'000}}) {
            std::vector<received> events;
            CHECK(bool{feed(parser, start + std::string(size, 'x'), events)} == (size > 20'000));
            parser.restart();
            CHECK(!feed(parser, line_of(20'000, "data:") + "\n\n", events));
            CHECK(events.size() == 1);
            parser.restart();
        }
    }
}

TEST_CASE("the events before an error are given") {
    std::string_view input = "data: 1\n\ndata: 2\n\ndata: 3 is too long\n\ndata: 4\n\n";
    crier::parser_options options;
    options.limit = 10;
    crier::parser parser{options};
    CHECK(parser.next(input).value()->data == "1");
    CHECK(parser.next(input).value()->data == "2");
    CHECK(parser.next(input).error() == errc::line_too_long);
    CHECK(parser.next(input).error() == errc::line_too_long);
}

TEST_CASE("the messages name the limit") {
    for (const auto error : {errc::line_too_long, errc::event_too_large}) {
        CHECK(make_error_code(error).message().find("parser_options::limit") != std::string::npos);
    }
}
