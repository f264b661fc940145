// The decisions of HTTP/2, without a connection.

#include "http/drain_schedule.hpp"
#include "http/flood_guard.hpp"
#include "http/frame_meter.hpp"
#include "http/http2_deadlines.hpp"
#include "http/http2_head.hpp"
#include "http/http2_output.hpp"
#include "http/http2_request.hpp"
#include "support/http2_frames.hpp"
#include "support/parsing.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <doctest/doctest.h>

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

using crier::gate_limits;
using crier::detail::flood_guard;
using crier::detail::http2_deadlines;
using crier::detail::http2_output;
using crier::detail::http2_request;
using crier::detail::read_response_head;
using crier::detail::received;
using crier::detail::refused_request;
using namespace std::chrono_literals;

namespace {

const crier::clock::time_point start{};

class text_sink final : public crier::sink {
public:
    std::size_t write_some(buffers bytes, boost::system::error_code& /*error*/) override {
        for (const boost::asio::const_buffer& each : bytes) {
            text.append(static_cast<const char*>(each.data()), each.size());
        }
        return boost::asio::buffer_size(bytes);
    }
    void watch_peer() override {}
    void cancel() override {}
    void limit_buffering(std::size_t /*bytes*/, std::chrono::milliseconds /*longest*/) override {}

    std::string text;
};

unsigned refused_with(http2_request& request) {
    const auto result = request.finish(gate_limits{});
    const auto* const refused = std::get_if<refused_request>(&result);
    return refused == nullptr ? 0 : refused->why.status;
}

http2_request get(std::string_view path) {
    http2_request request{start};
    request.add(":method", "GET", {});
    request.add(":path", path, {});
    request.add(":authority", "host", {});
    return request;
}

/// Takes so many bytes.
class part_sink final : public crier::sink {
public:
    std::size_t room = 0;
    std::string text;

    std::size_t write_some(buffers bytes, boost::system::error_code& error) override {
        const std::size_t size = std::min(room, bytes[0].size());
        error = size == 0 ? make_error_code(boost::asio::error::would_block)
                          : boost::system::error_code{};
        text.append(static_cast<const char*>(bytes[0].data()), size);
        room -= size;
        return size;
    }
    void watch_peer() override {}
    void cancel() override {}
    void limit_buffering(std::size_t /*bytes*/, std::chrono::milliseconds /*longest*/) override {}
};

} // namespace

TEST_CASE("a guard stands a thousand at once, and then a hundred a second") {
    flood_guard guard{start};
    for (int i = 0; i < 1'000; ++i) {
        REQUIRE(guard.take(start));
    }
    CHECK_FALSE(guard.take(start));
    flood_guard slow{start};
    for (int i = 0; i < 10'000; ++i) {
        REQUIRE(slow.take(start + i * 10ms));
    }
}

TEST_CASE("what is sent pays for its acknowledgements, unless it is next to nothing") {
    flood_guard guard{start};
    for (int i = 0; i < 10'000; ++i) {
        guard.sent(100);
        REQUIRE(guard.take(start));
    }
    for (int i = 0; i < 10'000; ++i) {
        guard.sent(100);
    }
    for (int i = 0; i < 30'000; ++i) {
        REQUIRE(guard.take(start)); // all at once, after a burst
    }
    int stood = 0;
    for (; stood < 10'000 && guard.take(start); ++stood) {
        guard.sent(1);
    }
    CHECK(stood <= 1'000);
}

TEST_CASE("frames that bring nothing are counted, however they come") {
    using crier::test::http2_bytes_of;
    const std::string head(20, 'h');
    std::string all{crier::test::http2_preface};
    all += http2_bytes_of(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, head);
    all += http2_bytes_of(NGHTTP2_HEADERS, 0, 3, head);
    all += http2_bytes_of(NGHTTP2_DATA, 0, 3, std::string(300, 'd'));
    all += http2_bytes_of(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 3);
    std::size_t expected = 0;
    constexpr int types[]{NGHTTP2_SETTINGS, NGHTTP2_PING, NGHTTP2_CONTINUATION, 0x42};
    for (const int type : types) {
        all += http2_bytes_of(type, 0, 0, head);
        ++expected;
    }
    all += http2_bytes_of(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 3); // it has ended already
    all += http2_bytes_of(NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 3, std::string(1, '\0'));
    expected += 2;
    for (const std::size_t piece : {all.size(), std::size_t{1}, std::size_t{7}}) {
        crier::detail::frame_meter meter;
        std::size_t counted = 0;
        for (const std::string_view each : crier::test::in_pieces(all, piece)) {
            counted += meter.count(each);
        }
        CHECK(counted == expected);
    }
}

TEST_CASE("a silent client is asked for a sign of life, and given up without one") {
    using due = http2_deadlines::due;
    http2_deadlines deadlines{{1s, 2s, 30s, 10s}, start};
    CHECK(deadlines.next(true) == start + 10s);
    CHECK(deadlines.at(start + 9s, true) == due::nothing);
    CHECK(deadlines.at(start + 10s, true) == due::ping);
    deadlines.pinged();
    CHECK(deadlines.next(true) == start + 20s); // there is nothing to do until then
    CHECK(deadlines.at(start + 19s, true) == due::nothing);
    CHECK(deadlines.at(start + 20s, true) == due::end);
    deadlines.heard(start + 15s);
    CHECK(deadlines.next(true) == start + 25s);
}

TEST_CASE("a connection without requests ends at its time") {
    using due = http2_deadlines::due;
    http2_deadlines deadlines{{1s, 2s, 30s, 10s}, start};
    CHECK(deadlines.at(start + 1s, false) == due::end);
    deadlines.requested();
    deadlines.idle(start + 5s);
    CHECK(deadlines.next(false) == start + 7s);
    CHECK(deadlines.at(start + 6s, false) == due::nothing);
    CHECK(deadlines.at(start + 7s, false) == due::end);
}

TEST_CASE("a client that takes nothing is given up, whether or not it speaks") {
    using due = http2_deadlines::due;
    http2_deadlines deadlines{{1s, 2s, 4s, 10s}, start};
    deadlines.blocked(start + 1s);
    deadlines.blocked(start + 2s);
    CHECK(deadlines.next(true) == start + 5s);
    CHECK(deadlines.at(start + 5s, true) == due::end);
    deadlines.wrote();
    CHECK(deadlines.at(start + 5s, true) == due::nothing);
}

TEST_CASE("a response's head is read without what is about the connection") {
    const std::string text = "HTTP/1.1 204 No Content\r\nDate: now\r\nX-One:  1 \r\n"
                             "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nbody";
    const auto head = read_response_head(text);
    REQUIRE(head);
    CHECK(head->status == "204");
    REQUIRE(head->fields.size() == 2);
    CHECK(head->fields[0].first == "date");
    CHECK(head->fields[1].first == "x-one");
    CHECK(head->fields[1].second == "1");
    CHECK(text.substr(head->size) == "body");
    CHECK_FALSE(read_response_head("HTTP/1.1 200 OK\r\nDate: now\r\n"));
    CHECK_FALSE(read_response_head("data: 1\n\n\r\n\r\n"));
}

TEST_CASE("what connections write stays apart, though they share memory") {
    const auto slow = std::make_shared<part_sink>();
    const auto fast = std::make_shared<part_sink>();
    http2_output first{slow};
    http2_output second{fast};
    boost::system::error_code error;
    first.append(std::string(100, '1'));
    first.write_some(error); // it keeps the memory
    second.append("short");
    second.append("and more");
    second.append(std::string(100, '2'));
    fast->room = slow->room = 1'000;
    second.write_some(error);
    first.write_some(error);
    CHECK(fast->text == "shortand more" + std::string(100, '2'));
    CHECK(slow->text == std::string(100, '1'));
}

TEST_CASE("a request is read, with its body") {
    http2_request request{start};
    request.add(":method", "POST", {});
    request.add(":path", "/a", {});
    request.add(":authority", "host", {});
    request.add("accept", "text/plain", {});
    CHECK(request.add_body("one", 6));
    CHECK(request.add_body("two", 6));
    CHECK_FALSE(request.add_body("x", 6));
    const auto result = request.finish(gate_limits{});
    const auto* const read = std::get_if<std::unique_ptr<received>>(&result);
    REQUIRE(read != nullptr);
    CHECK((*read)->message.version() == 20);
    CHECK((*read)->message["Host"] == "host");
    CHECK((*read)->message["Accept"] == "text/plain");
    CHECK((*read)->message.body() == "onetwo");
}

TEST_CASE("a host beside the authority must be the same") {
    http2_request same = get("/");
    same.add("host", "host", {});
    CHECK(refused_with(same) == 0);
    http2_request other = get("/");
    other.add("host", "elsewhere", {});
    CHECK(refused_with(other) == 400);
    http2_request none{start};
    none.add(":method", "GET", {});
    none.add(":path", "/", {});
    CHECK(refused_with(none) == 400);
    http2_request twice = get("/");
    twice.add("host", "host", {});
    twice.add("host", "host", {});
    CHECK(refused_with(twice) == 400);
}

TEST_CASE("the limits of a head hold") {
    http2_request many = get("/");
    for (int i = 0; i < 65; ++i) {
        many.add("name", "value", {});
    }
    CHECK(refused_with(many) == 431);
    http2_request large = get("/");
    CHECK(large.add("name", std::string(9'000, 'x'), {}));
    CHECK(refused_with(large) == 431);
    http2_request bomb = get("/");
    bool goes_on = true;
    int fields = 0;
    for (; goes_on && fields < 1'000; ++fields) {
        goes_on = bomb.add("name", std::string(4'000, 'x'), {});
    }
    CHECK(fields < 25);
}

TEST_CASE("a path cannot bring a second line") {
    http2_request split = get("/ HTTP/1.1\r\nX: y");
    CHECK(refused_with(split) == 400);
    http2_request spaced = get("/a b");
    CHECK(refused_with(spaced) == 400);
}

TEST_CASE("connections that write in turns do not get each other's bytes") {
    const auto one = std::make_shared<text_sink>();
    const auto other = std::make_shared<text_sink>();
    http2_output to_one{one};
    http2_output to_other{other};
    const std::string text(100, 'x');
    boost::system::error_code error;
    for (int round = 0; round < 2; ++round) {
        to_one.append("head of 1");
        to_other.append("head of 2");
        to_one.append(text);
        to_other.append(text);
        while (to_one.size() > 0) {
            to_one.write_some(error);
        }
        while (to_other.size() > 0) {
            to_other.write_some(error);
        }
    }
    CHECK(one->text == "head of 1" + text + "head of 1" + text);
    CHECK(other->text == "head of 2" + text + "head of 2" + text);
}

TEST_CASE("streams of a connection that drains end one by one, and the last one in time") {
    using crier::detail::drain_schedule;
    drain_schedule ends{start, start + 4s, 3, 0.5};
    CHECK(ends.take(start) == 0);
    CHECK(ends.next() == start + 500ms);
    CHECK(ends.take(start + 499ms) == 0);
    CHECK(ends.take(start + 500ms) == 1);
    CHECK(ends.next() == start + 1500ms);
    CHECK(ends.take(start + 3s) == 2);
    CHECK(ends.next() == crier::clock::time_point::max());
    CHECK(ends.take(start + 1h) == 0);
}

TEST_CASE("no stream is ended where there is no time, or no end") {
    using crier::detail::drain_schedule;
    constexpr auto never = crier::clock::time_point::max();
    for (const auto by : {start - 1s, start, never}) {
        CHECK(drain_schedule{start, by, 3, 0.5}.next() == never);
    }
    CHECK(drain_schedule{start, start + 1s, 0, 0.5}.next() == never);
    CHECK(drain_schedule{}.take(start + 1h) == 0);
}
