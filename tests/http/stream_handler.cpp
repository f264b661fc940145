#include <crier/http/stream_handler.hpp>

#include "support/running_server.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using crier::test::client;
using crier::test::eventually;
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

TEST_CASE("only topics that there are get a stream, with options of their own") {
    handed_on handler;
    running_server running{handler.function()};
    crier::stream_handler_options options;
    options.allow = [](const crier::exchange::request_type&, std::string_view topic) {
        return topic != "secret";
    };
    options.find = [](std::string_view topic) -> std::optional<crier::topic_options> {
        if (topic == "missing") {
            return std::nullopt;
        }
        crier::topic_options found;
        found.name = "not this one";
        found.retain = topic == "kept" ? crier::retention::newest : crier::retention::none;
        return found;
    };
    options.stream.cors.origins = {"https://app.example"};
    handler.to = crier::stream_handler(running.events, options);
    client both = opened(running, "/?topic=plain&topic=kept");
    for (const auto& [target, answer] : std::vector<std::pair<std::string, std::string>>{
             {"/?topic=missing", "HTTP/1.1 404 "}, {"/?topic=plain&topic=missing", "HTTP/1.1 404 "},
             {"/?topic=secret", "HTTP/1.1 403 "}}) {
        CAPTURE(target);
        client refused = running.connect();
        refused.get(target, "Connection: close\r\nOrigin: https://app.example\r\n");
        const std::string got = refused.read_to_end();
        CHECK(got.starts_with(answer));
        CHECK(got.find("Access-Control-Allow-Origin: https://app.example") != got.npos);
    }
    CHECK(running.events.stats().topics.size() == 2);
    running.events.publish("plain", "of plain");
    running.events.publish("kept", "of kept");
    CHECK(both.read_until("of kept\n").find("of plain\n") != std::string::npos);
    client late = opened(running, "/?topic=plain&topic=kept");
    CHECK(late.read_until("of kept\n").find("of plain\n") == std::string::npos);
}

TEST_CASE("a topic is polled by its rule while somebody streams it") {
    handed_on handler;
    crier::test::lines logged;
    crier::server_options server;
    server.log = logged.logger();
    running_server running{handler.function(), server};
    crier::manager_options by_rule;
    by_rule.rules.resize(1);
    by_rule.rules[0].matches = crier::starting_with("");
    by_rule.rules[0].source = [](std::string_view topic) {
        if (topic == "broken") {
            throw std::runtime_error{"no sensor"};
        }
        return crier::polling(
            [name = std::string{topic}]() -> boost::asio::awaitable<boost::json::value> {
                co_return boost::json::value(name);
            });
    };
    by_rule.log = logged.logger();
    crier::manager events{running.server.get_executor(), by_rule};
    running.server.on_shutdown([&events] { events.shutdown(); });
    handler.to = crier::stream_handler(events);
    client one = opened(running, "/?topic=cpu");
    one.read_until("data: \"cpu\"\n");
    client other = running.connect();
    other.get("/?topic=broken");
    CHECK(other.read_to_end().starts_with("HTTP/1.1 500 "));
    CHECK(eventually([&] { return logged.contain("a stream failed: no sensor"); }));
    CHECK(events.stats().topics.size() == 1);
    running.stop();
}

TEST_CASE("a handler is not made of options that make no sense") {
    running_server running;
    crier::stream_handler_options options;
    options.stream.cors.origins = {"https://app.example/"};
    CHECK_THROWS_AS(crier::stream_handler(running.events, options), std::invalid_argument);
}
