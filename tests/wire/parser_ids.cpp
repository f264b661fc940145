#include "wire/vectors.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using crier::test::check_vectors;
using crier::test::feed;
using crier::test::received;
using crier::test::test_vector;
using namespace std::string_literals;

TEST_CASE("an id stays until another one comes") {
    const test_vector vectors[] = {
        {"format-field-id: on its event", "id: 1\ndata: x\n\n",
            {.events = {{.data = "x", .id = "1"}}, .last_event_id = "1"}},
        {"format-field-id-3: it persists, and a bare field resets it",
            "id:1\ndata:x\n\ndata:y\n\nid\ndata:z\n\ndata:w\n\n",
            {{{.data = "x", .id = "1"}, {.data = "y", .id = "1"}, {.data = "z"}, {.data = "w"}}}},
        {"format-field-id-3: an empty one resets it", "id: 1\ndata: x\n\nid:\ndata: y\n\n",
            {{{.data = "x", .id = "1"}, {.data = "y"}}}},
        {"one that is a space only resets it", "id: 1\ndata: x\n\nid: \ndata: y\n\n",
            {{{.data = "x", .id = "1"}, {.data = "y"}}}},
        {"the last one counts", "id: 1\nid: 2\ndata: x\n\n",
            {.events = {{.data = "x", .id = "2"}}, .last_event_id = "2"}},
        {"a reset within a block counts", "id: 1\nid\ndata: x\n\n", {{{.data = "x"}}}},
        {"after the data", "data: x\nid: 1\n\n",
            {.events = {{.data = "x", .id = "1"}}, .last_event_id = "1"}},
        {"a block with nothing else sets it and dispatches nothing",
            "id: 1\n\ndata: x\n\nid: 2\n\n",
            {.events = {{.data = "x", .id = "1"}}, .last_event_id = "2"}},
        {"a block with nothing else resets it", "id: 1\ndata: x\n\nid\n\n",
            {{{.data = "x", .id = "1"}}}},
        {"one long id, then a short one", "id: " + std::string(100, 'i') + "\n\nid: 2\ndata: x\n\n",
            {.events = {{.data = "x", .id = "2"}}, .last_event_id = "2"}},
        {"colons, spaces and tabs", "id: a: b\tc \ndata: x\n\n",
            {.events = {{.data = "x", .id = "a: b\tc "}}, .last_event_id = "a: b\tc "}},
    };
    check_vectors(vectors);
}

TEST_CASE("an id counts once its block has ended") {
    const test_vector vectors[] = {
        {"format-data-before-final-empty-line: neither the event nor its id",
            "retry:1000\ndata:test1\n\nid:test\ndata:test2",
            {.events = {{.data = "test1", .retry = std::chrono::milliseconds{1000}}},
                .retry = std::chrono::milliseconds{1000}}},
        {"the line has ended, the block has not", "id: 1\ndata: x\n\nid: 2\ndata: y\n",
            {.events = {{.data = "x", .id = "1"}}, .last_event_id = "1"}},
        {"the line has not ended", "id: 1\n\nid: 2", {.last_event_id = "1"}},
        {"a reset in an unfinished block", "id: 1\n\nid\n", {.last_event_id = "1"}},
        {"the block has nothing but the id", "id: 1\n", {}},
    };
    check_vectors(vectors);
}

TEST_CASE("an id with NUL is passed over") {
    for (const std::string& id : {"\0"s, "\0\0"s, "a\0"s, "\0a"s, "a\0a"s, " \0"s}) {
        CAPTURE(crier::test::printable(id));
        const test_vector vectors[] = {
            {"format-field-id-null: no id", "id:" + id + "\ndata:x\n\n", {{{.data = "x"}}}},
            {"the one before stays", "id: 1\ndata: x\n\nid: " + id + "\ndata: y\n\n",
                {.events = {{.data = "x", .id = "1"}, {.data = "y", .id = "1"}},
                    .last_event_id = "1"}},
            {"that of its own block stays", "id: 1\nid: " + id + "\ndata: x\n\n",
                {.events = {{.data = "x", .id = "1"}}, .last_event_id = "1"}},
        };
        check_vectors(vectors);
    }
}

TEST_CASE("an id is any text") {
    for (const std::string id : {"\u2026", "\u00E9\U0001F600", "<>()[]{}@,;:\\\"/?=", "0"}) {
        CAPTURE(crier::test::printable(id));
        const test_vector vectors[] = {{"format-field-id-2",
            "id: " + id + "\ndata: x\n\ndata: y\n\n",
            {.events = {{.data = "x", .id = id}, {.data = "y", .id = id}}, .last_event_id = id}}};
        check_vectors(vectors);
    }
    const test_vector vectors[] = {{"invalid UTF-8", "id: a\xFF\xE2\x82\ndata: x\n\n",
        {.events = {{.data = "x", .id = "a\uFFFD\uFFFD"}}, .last_event_id = "a\uFFFD\uFFFD"}}};
    check_vectors(vectors);
}

TEST_CASE("an id that was set holds until the stream sends another") {
    crier::parser parser;
    std::vector<received> events;
    parser.set_last_event_id("start");
    CHECK(parser.last_event_id() == "start");
    CHECK(!feed(parser, "data: x\n\nid: 1\ndata: y\n\n", events));
    CHECK(events == std::vector<received>{{.data = "x", .id = "start"}, {.data = "y", .id = "1"}});
    CHECK(parser.last_event_id() == "1");
}

TEST_CASE("an id that was set holds instead of one in an unfinished block") {
    crier::parser parser;
    std::vector<received> events;
    CHECK(!feed(parser, "id: 1\ndata: x\n", events));
    parser.set_last_event_id("other");
    CHECK(!feed(parser, "\n", events));
    CHECK(events == std::vector<received>{{.data = "x", .id = "other"}});
}
