#include <crier/http/stream_counts.hpp>

#include "support/served_stream.hpp"

#include <doctest/doctest.h>

#include <string>

using crier::end_reason;
using crier::manager;
using crier::test::context;
using crier::test::stream;
using crier::test::topic;
using namespace std::chrono_literals;

TEST_CASE("a closed room's streams get what is there and a proper end, and come back to 204") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    {
        stream open{test, events, topic("room")};
        open.read();
        events.publish("room", "last");
        events.close_topic("room");
        CHECK(open.read() == crier::test::chunk("data: last\n\n") + "0\r\n\r\n");
        CHECK(open.reason == end_reason::topic_closed);
    }
    {
        stream back{test, events, topic("room")};
        const std::string answer = back.read();
        CHECK(answer.starts_with("HTTP/1.1 204 No Content\r\n"));
        CHECK(answer.ends_with("Connection: close\r\n\r\n"));
        CHECK(answer.find("Content-Length") == answer.npos);
        CHECK(back.reason == end_reason::refused);
    }
    test.advance(60s);
    stream later{test, events, topic("room")};
    CHECK(later.read() == crier::test::header);
}

TEST_CASE("a stream of a closed room and of others ends, and is begun again without a gap") {
    context test;
    manager events{test.io.get_executor()};
    crier::serve_options both;
    both.topics.resize(2);
    both.topics[0].name = "room";
    both.topics[1].name = "lobby";
    {
        stream open{test, events, both};
        open.read();
        events.close_topic("room");
        CHECK(open.read() == "0\r\n\r\n");
    }
    stream again{test, events, both};
    CHECK(again.read() == crier::test::header);
    events.publish("lobby", "hello");
    CHECK(again.read().find("data: hello\n") != std::string::npos);
}

TEST_CASE(
    "streams that the program ends, and those of rooms that it closes, have their own reasons") {
    context test;
    manager events{test.io.get_executor()};
    stream ended{test, events, topic("a")};
    stream closed{test, events, topic("b")};
    events.end_streams("a");
    events.close_topic("b");
    test.run();
    CHECK(ended.reason == end_reason::ended);
    CHECK(closed.reason == end_reason::topic_closed);
    const crier::stream_counts counts = streams_of(events);
    CHECK(counts.ended[static_cast<std::size_t>(end_reason::ended)] == 1);
    CHECK(counts.ended[static_cast<std::size_t>(end_reason::topic_closed)] == 1);
}
