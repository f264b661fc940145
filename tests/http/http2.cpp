#include <crier/http/server.hpp>
#include <crier/http/stream_handler.hpp>

#include "support/http2_peer.hpp"
#include "support/running_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

using crier::exchange;
using crier::server_options;
using crier::test::eventually;
using crier::test::http2_peer;
using crier::test::running_server;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;
using fields = http2_peer::fields;

namespace {

std::uint16_t port_of(const running_server& of) { return of.server.local_endpoint().port(); }

/// Tells what was asked.
asio::awaitable<void> tell(exchange& request) {
    std::string text{request.protocol()};
    text.append(" ").append(request.request().method_string());
    text.append(" ").append(request.request().target());
    for (const auto& field : request.request()) {
        text.append("\n").append(field.name_string()).append(": ").append(field.value());
    }
    text.append("\n\n").append(request.request().body());
    co_await request.respond(http::status::ok, std::move(text));
}

std::string status_of(const std::string& head) { return head.substr(0, head.find('\n')); }

bool has_subscribers(running_server& of, std::size_t count) {
    return eventually([&] { return of.events.stats().subscribers == count; });
}

/// Asks for a stream of "/one" and one of "/two".
void open_two(running_server& on, http2_peer& peer) {
    peer.begin();
    peer.request(1, http2_peer::get("/one"));
    peer.request(3, http2_peer::get("/two"));
    REQUIRE(has_subscribers(on, 2));
}

} // namespace

TEST_CASE("a handler answers a request of HTTP/2 as one of HTTP/1.1") {
    running_server served{tell};
    http2_peer peer{port_of(served)};
    peer.begin();
    peer.request(1, http2_peer::get("/a?b=c", {{"cookie", "one=1"}, {"cookie", "two=2"}}));
    const std::string head = peer.head();
    CHECK(status_of(head) == ":status: 200");
    CHECK(head.find("content-type: text/plain; charset=utf-8\n") != head.npos);
    CHECK(head.find("connection") == head.npos);
    CHECK(peer.body() == "HTTP/2 GET /a?b=c\nhost: localhost\ncookie: one=1; two=2\n\n");
}

TEST_CASE("a request brings a body") {
    running_server served{tell};
    http2_peer peer{port_of(served)};
    peer.begin();
    fields post = http2_peer::get("/");
    post[0].second = "POST";
    peer.request(1, post, http2_peer::end_headers);
    peer.send(NGHTTP2_DATA, 0, 1, "a bo");
    peer.send(NGHTTP2_DATA, http2_peer::end_stream, 1, "dy");
    CHECK(status_of(peer.head()) == ":status: 200");
    CHECK(peer.body() == "HTTP/2 POST /\nhost: localhost\n\na body");
}

TEST_CASE("streams of one connection get what is published to their topics") {
    for (const bool is_detached : {false, true}) {
        CAPTURE(is_detached);
        crier::manager* events = nullptr;
        running_server served{[&](exchange& request) -> asio::awaitable<void> {
            if (is_detached) {
                crier::serve_options options;
                request.detach_stream(*events, std::move(options));
            } else {
                co_await request.stream(*events);
            }
        }};
        events = &served.events;
        http2_peer peer{port_of(served)};
        open_two(served, peer);
        CHECK(peer.head().find("content-type: text/event-stream\n") != std::string::npos);
        CHECK(status_of(peer.head()) == ":status: 200");
        served.events.publish("/one", "first");
        served.events.publish("/two", "second");
        const auto first = peer.next(NGHTTP2_DATA);
        REQUIRE(first);
        CHECK(first->id == 1);
        INFO(first->payload);
        CHECK(first->payload.starts_with("data: first\n"));
        const auto second = peer.next(NGHTTP2_DATA);
        REQUIRE(second);
        CHECK(second->id == 3);
        CHECK(second->payload.starts_with("data: second\n"));
        CHECK(served.server.connections() == 1);
    }
}

TEST_CASE("a client that resets a stream has left that alone") {
    running_server served;
    http2_peer peer{port_of(served)};
    open_two(served, peer);
    peer.send(NGHTTP2_RST_STREAM, 0, 1, http2_peer::number(NGHTTP2_CANCEL, 4));
    CHECK(has_subscribers(served, 1));
    served.events.publish("/two", "still here");
    CHECK(peer.body_until("still here\n").find("data: still here\n") != std::string::npos);
}

TEST_CASE("a client that closes the connection has left all streams") {
    running_server served;
    {
        http2_peer peer{port_of(served)};
        open_two(served, peer);
    }
    CHECK(has_subscribers(served, 0));
    CHECK(eventually([&] { return served.server.connections() == 0; }));
}

TEST_CASE("a stream without a window waits, and costs the others nothing") {
    running_server served;
    http2_peer peer{port_of(served)};
    peer.begin({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}});
    peer.request(1, http2_peer::get("/prices"));
    peer.request(3, http2_peer::get("/prices"));
    peer.open_window(3, 10'000);
    REQUIRE(has_subscribers(served, 2));
    REQUIRE(peer.next(NGHTTP2_SETTINGS));
    served.events.publish("/prices", "one");
    auto frame = peer.next(NGHTTP2_DATA);
    REQUIRE(frame);
    CHECK(frame->id == 3);
    served.events.publish("/prices", "two");
    frame = peer.next(NGHTTP2_DATA);
    REQUIRE(frame);
    CHECK(frame->id == 3);
    peer.open_window(1, 10'000);
    frame = peer.next(NGHTTP2_DATA);
    REQUIRE(frame);
    CHECK(frame->id == 1);
    CHECK(frame->payload.starts_with("data: one\n"));
}

TEST_CASE("a response that is larger than the windows is sent as they open") {
    const std::string large(300'000, 'x');
    running_server served{[&](exchange& request) -> asio::awaitable<void> {
        co_await request.respond(http::status::ok, large);
    }};
    http2_peer peer{port_of(served)};
    peer.begin();
    peer.request(1, http2_peer::get("/"));
    std::size_t size = 0;
    bool has_ended = false;
    while (!has_ended) {
        const auto frame = peer.next(NGHTTP2_DATA);
        REQUIRE(frame);
        size += frame->payload.size();
        has_ended = (frame->flags & http2_peer::end_stream) != 0;
        const auto by = static_cast<std::uint32_t>(frame->payload.size());
        if (!has_ended && by > 0) {
            peer.open_window(0, by);
            peer.open_window(1, by);
        }
    }
    CHECK(size == large.size());
}

TEST_CASE("requests pass the same gate") {
    running_server served{tell};
    http2_peer peer{port_of(served)};
    peer.begin();
    auto answer = [&, id = 1U](const fields& all) mutable {
        peer.request(std::exchange(id, id + 2), all);
        std::string status = status_of(peer.head());
        peer.body();
        return status;
    };
    fields other_host = http2_peer::get("/", {{"host", "elsewhere"}});
    CHECK(answer(other_host) == ":status: 400");
    fields unknown = http2_peer::get("/");
    unknown[0].second = "BREW";
    CHECK(answer(unknown) == ":status: 501");
    CHECK(answer(http2_peer::get("/", {{"long", std::string(9'000, 'x')}})) == ":status: 431");
    CHECK(answer(http2_peer::get("/")) == ":status: 200");
}

TEST_CASE("a body that is too large, or not wanted, is refused") {
    server_options options;
    options.body_bytes = 10;
    running_server served{tell, options};
    http2_peer peer{port_of(served)};
    peer.begin();
    fields post = http2_peer::get("/");
    post[0].second = "POST";
    peer.request(1, post, http2_peer::end_headers);
    peer.send(NGHTTP2_DATA, 0, 1, "more than that");
    CHECK(status_of(peer.head()) == ":status: 413");
    peer.body();
    peer.request(3, http2_peer::get("/"), http2_peer::end_headers);
    peer.send(NGHTTP2_DATA, http2_peer::end_stream, 3, "a body");
    CHECK(status_of(peer.head()) == ":status: 400");
}

TEST_CASE("what nghttp2 finds malformed ends the stream") {
    running_server served{tell};
    http2_peer peer{port_of(served)};
    peer.begin();
    peer.request(1, http2_peer::get("/", {{"Upper", "x"}}));
    auto reset = peer.next(NGHTTP2_RST_STREAM);
    REQUIRE(reset);
    CHECK(reset->payload == http2_peer::number(NGHTTP2_PROTOCOL_ERROR, 4));
    peer.request(3, http2_peer::get("/", {{"connection", "close"}}));
    CHECK(peer.next(NGHTTP2_RST_STREAM));
}

TEST_CASE("a shutdown ends streams, and the connection after them") {
    running_server served;
    http2_peer peer{port_of(served)};
    peer.begin();
    peer.request(1, http2_peer::get("/one"));
    REQUIRE(has_subscribers(served, 1));
    served.server.shutdown(5s);
    bool has_goaway = false;
    bool has_end = false;
    for (auto frame = peer.next(); frame; frame = peer.next()) {
        has_goaway = has_goaway || frame->type == NGHTTP2_GOAWAY;
        has_end = has_end ||
                  (frame->type == NGHTTP2_DATA && (frame->flags & http2_peer::end_stream) != 0);
    }
    CHECK(has_goaway);
    CHECK(has_end);
}

TEST_CASE("an idle connection ends at its time, and one without requests at its own") {
    server_options options;
    options.idle_timeout = 50ms;
    running_server served{tell, options};
    http2_peer peer{port_of(served)};
    peer.begin();
    peer.request(1, http2_peer::get("/"));
    CHECK(status_of(peer.head()) == ":status: 200");
    CHECK(peer.goaway() == NGHTTP2_NO_ERROR);

    options.header_timeout = 50ms;
    running_server hasty{tell, options};
    http2_peer silent{port_of(hasty)};
    silent.begin();
    CHECK(silent.goaway() == NGHTTP2_NO_ERROR);
}

TEST_CASE("a request that does not come in time is answered with 408") {
    server_options options;
    options.header_timeout = 50ms;
    running_server served{tell, options};
    http2_peer peer{port_of(served)};
    peer.begin();
    fields post = http2_peer::get("/");
    post[0].second = "POST";
    peer.request(1, post, http2_peer::end_headers);
    CHECK(status_of(peer.head()) == ":status: 408");
}

TEST_CASE("a client that shows no sign of life is given up") {
    server_options options;
    options.http2->ping_interval = 50ms;
    running_server served{options};
    http2_peer peer{port_of(served)};
    peer.begin();
    peer.request(1, http2_peer::get("/one"));
    bool was_asked = false;
    for (auto frame = peer.next(); frame; frame = peer.next()) {
        was_asked = was_asked || frame->type == NGHTTP2_PING;
    }
    CHECK(was_asked);
    CHECK(has_subscribers(served, 0));
}

TEST_CASE("the wait for a sign of life takes next to no time of the processor") {
    server_options options;
    options.http2->ping_interval = 500ms;
    running_server served{options};
    http2_peer peer{port_of(served)};
    peer.begin();
    peer.request(1, http2_peer::get("/one"));
    REQUIRE(peer.next(NGHTTP2_PING));
    const std::clock_t since = std::clock();
    while (peer.next()) {
    }
    CHECK(std::clock() - since < CLOCKS_PER_SEC / 4);
}

TEST_CASE("a context may go while requests are under way") {
    bool has_begun = false;
    const auto wait = [&](exchange& request) -> asio::awaitable<void> {
        has_begun = true;
        asio::steady_timer forever{request.get_executor(), 1h};
        co_await forever.async_wait(asio::use_awaitable);
    };
    auto context = std::make_unique<asio::io_context>(1);
    server_options options;
    options.port = 0;
    auto server = std::make_unique<crier::server>(*context, options);
    server->start(wait);
    http2_peer peer{server->local_endpoint().port()};
    peer.begin();
    peer.request(1, http2_peer::get("/"));
    while (!has_begun) {
        context->run_one();
    }
    server.reset();
    context.reset();
    CHECK_FALSE(peer.next(NGHTTP2_HEADERS));
}

TEST_CASE("a server without HTTP/2 refuses its preface") {
    server_options options;
    options.http2.reset();
    running_server served{tell, options};
    http2_peer peer{port_of(served)};
    peer.begin();
    CHECK(peer.connection().read(12) == "HTTP/1.1 505");
}

TEST_CASE("at a shutdown a manager's streams end one by one, before the deadline") {
    running_server served;
    served.server.on_shutdown([] {}); // the manager goes on
    http2_peer peer{port_of(served)};
    peer.begin();
    constexpr std::uint32_t streams = 20;
    for (std::uint32_t i = 0; i < streams; ++i) {
        peer.request(2 * i + 1, http2_peer::get("/prices"));
    }
    REQUIRE(has_subscribers(served, streams));
    const auto begun = std::chrono::steady_clock::now();
    served.server.shutdown(8s);
    std::uint32_t ended = 0;
    auto frame = peer.next(NGHTTP2_DATA);
    while (frame) {
        ended += (frame->flags & http2_peer::end_stream) != 0 ? 1 : 0;
        if (ended == streams / 4) {
            // All at once would be within a moment.
            CHECK(std::chrono::steady_clock::now() - begun > 500ms);
            CHECK(served.events.stats().subscribers > 0);
            break;
        }
        frame = peer.next(NGHTTP2_DATA);
    }
    CHECK(ended == streams / 4);
    served.events.shutdown();
}
