// What a client may try with HTTP/2: each attempt ends its connection, and leaves others alone.

#include <crier/http/server.hpp>

#include "support/http2_peer.hpp"
#include "support/running_server.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>

using crier::exchange;
using crier::test::eventually;
using crier::test::http2_peer;
using crier::test::running_server;
namespace http = boost::beast::http;

namespace {

std::uint16_t port_of(const running_server& of) { return of.server.local_endpoint().port(); }

std::string frames(int count, const std::string& each) {
    std::string all;
    for (int i = 0; i < count; ++i) {
        all += each;
    }
    return all;
}

/// Sends what `more` makes until the server has ended the connection, or it was enough.
void flood(http2_peer& attacker, const std::function<std::string()>& more) {
    constexpr int most = 1'000;
    bool goes_on = true;
    for (int i = 0; i < most && goes_on; ++i) {
        goes_on = attacker.send_bytes(more());
    }
}

/// Sends requests until then, 50 at a time, and after each what `then` makes for its stream.
void flood_with_requests(http2_peer& attacker, const http2_peer::fields& asked,
    const std::function<std::string(std::uint32_t id)>& then) {
    flood(attacker, [&, id = 1U]() mutable {
        std::string all;
        for (int i = 0; i < 50; ++i, id += 2) {
            all += http2_peer::bytes_of(NGHTTP2_HEADERS,
                http2_peer::end_headers | http2_peer::end_stream, id, attacker.deflated(asked));
            all += then(id);
        }
        return all;
    });
}

/// Attacks a server on which another client has a stream. The attacker's connection must end, the
/// other's go on, and nothing be left.
void attack(const std::function<void(http2_peer&)>& how) {
    running_server served;
    http2_peer other{port_of(served)};
    other.begin();
    other.request(1, http2_peer::get("/prices"));
    REQUIRE(eventually([&] { return served.events.stats().subscribers == 1; }));
    {
        http2_peer attacker{port_of(served)};
        attacker.begin();
        how(attacker);
        CHECK(eventually([&] { return served.server.connections() == 1; }));
    }
    served.events.publish("/prices", "untouched");
    CHECK(other.body_until("untouched\n").find("data: untouched\n") != std::string::npos);
    CHECK(eventually([&] { return served.events.stats().subscribers == 1; }));
}

} // namespace

TEST_CASE("streams that are opened and reset at once") {
    attack([](http2_peer& attacker) {
        flood_with_requests(attacker, http2_peer::get("/prices"), [](std::uint32_t id) {
            return http2_peer::bytes_of(
                NGHTTP2_RST_STREAM, 0, id, http2_peer::number(NGHTTP2_CANCEL, 4));
        });
    });
}

TEST_CASE("streams that the server is made to reset") {
    attack([](http2_peer& attacker) {
        flood_with_requests(attacker, http2_peer::get("/prices"), [](std::uint32_t id) {
            // An increment of zero is an error of the stream.
            return http2_peer::bytes_of(NGHTTP2_WINDOW_UPDATE, 0, id, http2_peer::number(0, 4));
        });
    });
    attack([](http2_peer& attacker) {
        flood_with_requests(attacker, http2_peer::get("/prices", {{"Upper", "case"}}),
            [](std::uint32_t /*id*/) { return std::string{}; });
    });
}

TEST_CASE("a head that never ends") {
    attack([](http2_peer& attacker) {
        attacker.request(1, http2_peer::get("/prices"), 0);
        flood(attacker, [] {
            return http2_peer::bytes_of(NGHTTP2_CONTINUATION, 0, 1, std::string(100, '\x82'));
        });
    });
}

TEST_CASE("settings, pings, priorities and unknown frames without end") {
    const std::string all[]{http2_peer::bytes_of(NGHTTP2_SETTINGS, 0, 0),
        http2_peer::bytes_of(NGHTTP2_PING, 0, 0, std::string(8, 'x')),
        http2_peer::bytes_of(NGHTTP2_PRIORITY, 0, 1, std::string(5, '\0')),
        http2_peer::bytes_of(NGHTTP2_WINDOW_UPDATE, 0, 0, http2_peer::number(1, 4))};
    for (const std::string& each : all) {
        attack([&](http2_peer& attacker) { flood(attacker, [&] { return frames(100, each); }); });
    }
}

TEST_CASE("empty parts of a body without end") {
    attack([](http2_peer& attacker) {
        auto post = http2_peer::get("/prices");
        post[0].second = "POST";
        attacker.request(1, post, http2_peer::end_headers);
        flood(attacker, [] { return frames(100, http2_peer::bytes_of(NGHTTP2_DATA, 0, 1)); });
    });
}

TEST_CASE("a window that opens byte by byte") {
    attack([](http2_peer& attacker) {
        attacker.begin({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}});
        attacker.request(1, http2_peer::get("/prices"));
        flood(attacker, [] {
            return frames(
                100, http2_peer::bytes_of(NGHTTP2_WINDOW_UPDATE, 0, 1, http2_peer::number(1, 4)));
        });
    });
}

TEST_CASE("a window that overflows") {
    attack([](http2_peer& attacker) {
        attacker.open_window(0, 0x7FFF'FFFF);
        CHECK(attacker.goaway() == NGHTTP2_FLOW_CONTROL_ERROR);
    });
}

TEST_CASE("a head that unfolds to megabytes") {
    attack([](http2_peer& attacker) {
        // One large field enters the table, and is named again with a byte each time.
        auto bomb = http2_peer::get("/prices", {{"x", std::string(2'900, 'x')}});
        std::string block = attacker.deflated(bomb);
        constexpr char newest = '\xBE';
        block += std::string(10'000, newest);
        attacker.send(NGHTTP2_HEADERS, http2_peer::end_headers | http2_peer::end_stream, 1, block);
        CHECK(attacker.goaway() == NGHTTP2_ENHANCE_YOUR_CALM);
    });
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
