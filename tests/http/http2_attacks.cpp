// What a client may try with HTTP/2: each attempt ends its connection, and leaves others alone.

#include "support/http2_attacks.hpp"

#include <crier/http/server.hpp>

#include "support/running_server.hpp"

#include <doctest/doctest.h>

#include <string>

using crier::exchange;
using crier::test::eventually;
using crier::test::http2_attack;
using crier::test::http2_peer;
using crier::test::running_server;
namespace http = boost::beast::http;

namespace {

std::uint16_t port_of(const running_server& of) { return of.server.local_endpoint().port(); }

/// Attacks a server on which another client has a stream. The attacker's connection must end, the
/// other's go on, and nothing be left.
void check(const http2_attack& how) {
    running_server served;
    http2_peer other{port_of(served)};
    other.begin();
    other.request(1, http2_peer::get("/prices"));
    REQUIRE(eventually([&] { return served.events.stats().subscribers == 1; }));
    {
        http2_peer attacker{port_of(served)};
        how.run(attacker);
        CHECK((how.error == NGHTTP2_NO_ERROR || attacker.goaway() == how.error));
        CHECK(eventually([&] { return served.server.connections() == 1; }));
    }
    served.events.publish("/prices", "untouched");
    CHECK(other.body_until("untouched\n").find("data: untouched\n") != std::string::npos);
    CHECK(eventually([&] { return served.events.stats().subscribers == 1; }));
}

} // namespace

TEST_CASE("each attack ends its connection, and leaves others alone") {
    for (const http2_attack& each : crier::test::http2_attacks()) {
        CAPTURE(each.name);
        check(each);
    }
}

TEST_CASE("a preface byte by byte") {
    crier::server_options options;
    options.header_timeout = std::chrono::milliseconds{100};
    running_server served{options};
    http2_peer attacker{port_of(served)};
    attacker.send_bytes("P");
    attacker.send_bytes("R");
    CHECK_FALSE(attacker.next(NGHTTP2_SETTINGS));
    CHECK(eventually([&] { return served.server.connections() == 0; }));
}

TEST_CASE("thousands of requests that are answered do no harm") {
    running_server served{[](exchange& request) -> boost::asio::awaitable<void> {
        co_await request.respond(http::status::no_content);
    }};
    http2_peer peer{port_of(served)};
    peer.begin();
    for (std::uint32_t id = 1; id < 20'000; id += 2) {
        REQUIRE(peer.request(id, http2_peer::get("/")));
        REQUIRE(peer.head().starts_with(":status: 204"));
    }
}

TEST_CASE("streams that are never read wait under their topic's policy") {
    for (const std::uint32_t window : {0U, 1U}) {
        running_server served;
        http2_peer peer{port_of(served)};
        peer.begin({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window}});
        constexpr std::uint32_t streams = 100;
        for (std::uint32_t i = 0; i < streams; ++i) {
            peer.request(2 * i + 1, http2_peer::get("/prices"));
        }
        REQUIRE(eventually([&] { return served.events.stats().subscribers == streams; }));
        constexpr int events = 1'000;
        constexpr std::size_t size = 10'000;
        const std::string text(size, 'x');
        for (int i = 0; i < events; ++i) {
            served.events.publish("/prices", text);
        }
        // What they share, at most: their queues are cut there.
        constexpr std::size_t most = 256 * (size + 1'000);
        CHECK(eventually([&] { return served.events.stats().dropped > 0; }));
        CHECK(eventually([&] { return served.events.stats().memory <= most; }));
        CHECK(served.server.connections() == 1);
        CHECK(served.events.stats().subscribers == streams);
    }
}

TEST_CASE("a body for streams that have ended does no harm") {
    running_server served{[](exchange& request) -> boost::asio::awaitable<void> {
        co_await request.respond(http::status::no_content);
    }};
    http2_peer peer{port_of(served)};
    peer.begin();
    crier::test::post(peer, 1);
    peer.send(NGHTTP2_DATA, http2_peer::end_stream, 1, "text");
    REQUIRE(peer.head().starts_with(":status: 204"));
    const std::string body(10'000, 'x');
    for (int i = 0; i < 100; ++i) {
        REQUIRE(peer.send(NGHTTP2_DATA, 0, 1, body));
    }
    http2_peer other{port_of(served)};
    other.begin();
    other.request(1, http2_peer::get("/"));
    CHECK(other.head().starts_with(":status: 204"));
}

TEST_CASE("trailer fields are refused") {
    running_server served;
    http2_peer peer{port_of(served)};
    peer.begin();
    crier::test::post(peer, 1);
    peer.request(1, {{"x", "y"}});
    CHECK(peer.head().starts_with(":status: 400"));
}

TEST_CASE("a client that says good-bye gets what it has asked for") {
    running_server served;
    http2_peer peer{port_of(served)};
    peer.begin();
    peer.request(1, http2_peer::get("/prices"));
    REQUIRE(eventually([&] { return served.events.stats().subscribers == 1; }));
    peer.send(NGHTTP2_GOAWAY, 0, 0, http2_peer::number(0, 8));
    served.events.publish("/prices", "still here");
    CHECK(peer.body_until("still here\n").find("data: still here\n") != std::string::npos);
    peer.send_bytes(crier::test::http2_reset(1));
    CHECK(eventually([&] { return served.server.connections() == 0; }));
}
