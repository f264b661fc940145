#include <crier/http/stream_handler.hpp>

#include "support/running_server.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using crier::test::client;
using crier::test::running_server;

namespace {

/// Asks for a stream, and waits until it has begun.
client opened(const running_server& running, const std::string& target) {
    client peer = running.connect();
    peer.get(target);
    CHECK(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    return peer;
}

/// Hands on to a handler that is made when the manager is there.
struct handed_on {
    crier::server::handler to;

    crier::server::handler function() {
        return [this](crier::exchange& request) { return to(request); };
    }
};

} // namespace

TEST_CASE("a request gets the stream of the topics that it names, or of its path and query") {
    handed_on handler;
    running_server running{handler.function()};
    handler.to = crier::stream_handler(running.events);
    client both = opened(running, "/events?topic=a&topic=b%20b&topic=a");
    client path = opened(running, "/news?x=1&last_event_id=1.1");
    running.events.publish("b b", "of b");
    running.events.publish("/news?x=1", "of the path");
    running.events.publish("a", "of a");
    CHECK(both.read_until("of a\n").find("data: of b\n") != std::string::npos);
    CHECK(path.read_until("of the path\n").find("\"epoch\"") != std::string::npos);
}

TEST_CASE("topics that a request may not read are refused") {
    handed_on handler;
    running_server running{handler.function()};
    crier::stream_handler_options options;
    options.allow = [](const crier::exchange::request_type& request, std::string_view topic) {
        return topic != "secret" || request["X-Key"] == "k";
    };
    options.stream.retry = std::chrono::milliseconds{500};
    handler.to = crier::stream_handler(running.events, options);
    client refused = running.connect();
    refused.get("/?topic=open&topic=secret", "Connection: close\r\n");
    CHECK(refused.read_to_end().starts_with("HTTP/1.1 403 "));
    client let_in = running.connect();
    let_in.get("/?topic=secret", "X-Key: k\r\n");
    CHECK(let_in.read_until("retry: 500\n").starts_with("HTTP/1.1 200 OK\r\n"));
    client other = opened(running, "/?topic=open");
}

TEST_CASE("a topic is named in any letters, and what is no name is answered with 400") {
    handed_on handler;
    running_server running{handler.function()};
    handler.to = crier::stream_handler(running.events);
    client path = opened(running, "/caf%C3%A9/%231");
    client query = opened(running, "/?topic=caf%C3%A9/%231&topic=b");
    running.events.publish("/caf\u00e9/#1", "of the path");
    running.events.publish("caf\u00e9/#1", "of the query");
    path.read_until("data: of the path\n");
    query.read_until("data: of the query\n");
    for (const char* target : {"/%zz", "/%00", "/%FF", "/?topic=%FF", "/?topic=a&topic=%00"}) {
        CAPTURE(target);
        client peer = running.connect();
        peer.get(target, "Connection: close\r\n");
        CHECK(peer.read_to_end().starts_with("HTTP/1.1 400 "));
    }
    CHECK(running.events.stats().topics.size() == 3);
}

TEST_CASE("pages that may read the stream may read why there is none") {
    handed_on handler;
    running_server running{handler.function()};
    crier::stream_handler_options options;
    options.allow = [](const crier::exchange::request_type&, std::string_view topic) {
        return topic != "/secret";
    };
    options.stream.cors.origins = {"https://app.example"};
    handler.to = crier::stream_handler(running.events, options);
    for (const char* target : {"/secret", "/%zz"}) {
        client peer = running.connect();
        peer.get(target, "Origin: https://app.example\r\n");
        CHECK(
            peer.read_until("\r\n\r\n")
                .find("\r\nAccess-Control-Allow-Origin: https://app.example\r\nVary: Origin\r\n") !=
            std::string::npos);
    }
}

TEST_CASE("a handler is not made of options that make no sense") {
    running_server running;
    crier::stream_handler_options options;
    options.stream.cors.origins = {"https://app.example/"};
    CHECK_THROWS_AS(crier::stream_handler(running.events, options), std::invalid_argument);
}
