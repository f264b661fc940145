// Streams, answers and refusals as a page of another origin gets them.

#include "support/running_server.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>

using crier::cors_options;
using crier::end_reason;
using crier::exchange;
using crier::serve_options;
using crier::server_options;
using crier::test::client;
using crier::test::eventually;
using crier::test::running_server;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;

namespace {

const std::string from_app = "Origin: https://app.example\r\n";
const std::string from_elsewhere = "Origin: https://elsewhere.example\r\n";
const std::string asks_for_get = "Access-Control-Request-Method: GET\r\n";
const std::string app_allowed = "Access-Control-Allow-Origin: https://app.example\r\n";
const std::string vary_origin = "Vary: Origin\r\n";
const std::string preflight_vary =
    "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n";

std::string stream_header(const std::string& fields, bool chunked = true) {
    return "HTTP/1.1 200 OK\r\n"
           "Content-Type: text/event-stream\r\n"
           "Cache-Control: no-cache, no-transform\r\n"
           "Incremental: ?1\r\n"
           "X-Accel-Buffering: no\r\n"
           "X-Content-Type-Options: nosniff\r\n" +
           fields + (chunked ? "Transfer-Encoding: chunked\r\n" : "") + "Connection: close\r\n\r\n";
}

cors_options app_is_allowed() {
    cors_options cors;
    cors.origins = {"https://app.example"};
    return cors;
}

/// A server whose every answer is the stream of one topic.
struct streaming {
    const serve_options options;
    std::atomic<std::optional<end_reason>> ended{};
    running_server running{[this](exchange& request) -> asio::awaitable<void> {
        serve_options with = options;
        ended = co_await request.stream(running.events, std::move(with));
    }};

    explicit streaming(cors_options cors) : options{.topic = "a", .cors = std::move(cors)} {}

    client send(const std::string& request) const {
        client peer = running.connect();
        peer.send(request);
        return peer;
    }
    std::string header_for(const std::string& fields) const {
        return crier::test::without_date(
            send("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n").read_until("\r\n\r\n"));
    }
    std::string answer(const std::string& method, const std::string& fields) const {
        client peer = send(method + " / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
        const std::string bytes = peer.read_to_end();
        CHECK(peer.at_end);
        return crier::test::without_date(bytes);
    }
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("without allowed origins nothing of CORS is sent, and OPTIONS is not served") {
    const streaming server{{}};
    CHECK(server.header_for(from_app) == stream_header(""));
    const std::string answer = server.answer("OPTIONS", from_app + asks_for_get);
    CHECK(answer.starts_with("HTTP/1.1 405 "));
    CHECK_FALSE(has(answer, "Access-Control"));
    CHECK_FALSE(has(answer, "Vary"));
}

TEST_CASE("a page of an allowed origin may read the stream") {
    const streaming server{app_is_allowed()};
    CHECK(server.header_for(from_app) == stream_header(app_allowed + vary_origin));
    client old = server.send("GET / HTTP/1.0\r\n" + from_app + "\r\n");
    CHECK(crier::test::without_date(old.read_until("\r\n\r\n")) ==
          stream_header(app_allowed + vary_origin, false));
}

TEST_CASE("another origin, none, or two of them get the stream for no page") {
    const streaming server{app_is_allowed()};
    for (const std::string& fields : {from_elsewhere, std::string{}, from_app + from_app,
             from_app + from_elsewhere, std::string{"Origin: null\r\n"}}) {
        CAPTURE(fields);
        CHECK(server.header_for(fields) == stream_header(vary_origin));
    }
}

TEST_CASE("credentials are allowed along with the origin") {
    cors_options cors = app_is_allowed();
    cors.credentials = true;
    const streaming server{cors};
    CHECK(server.header_for(from_app) ==
          stream_header(app_allowed + "Access-Control-Allow-Credentials: true\r\n" + vary_origin));
    CHECK(server.header_for(from_elsewhere) == stream_header(vary_origin));
}

TEST_CASE("every origin is allowed by the star") {
    cors_options cors;
    cors.origins = {"*"};
    const streaming server{cors};
    for (const std::string& fields : {from_app, from_elsewhere, std::string{}}) {
        CHECK(server.header_for(fields) == stream_header("Access-Control-Allow-Origin: *\r\n"));
    }
}

TEST_CASE("a page may read why it gets no stream") {
    streaming server{app_is_allowed()};
    const std::string wrong_method = server.answer("POST", from_app);
    CHECK(wrong_method.starts_with("HTTP/1.1 405 "));
    CHECK(has(wrong_method, "\r\n" + app_allowed + vary_origin));
    CHECK(has(server.answer("GET", from_app + "Accept: text/html\r\n"), app_allowed));
    const std::string elsewhere = server.answer("POST", from_elsewhere);
    CHECK(has(elsewhere, vary_origin));
    CHECK_FALSE(has(elsewhere, "Access-Control"));
    server.running.events.shutdown();
    const std::string late = server.answer("GET", from_app);
    CHECK(late.starts_with("HTTP/1.1 503 "));
    CHECK(has(late, app_allowed + vary_origin));
}

TEST_CASE("a preflight is answered before anything is subscribed") {
    const streaming server{app_is_allowed()};
    CHECK(server.answer("OPTIONS",
              from_app + asks_for_get + "Access-Control-Request-Headers: last-event-id\r\n") ==
          "HTTP/1.1 204 No Content\r\n" + app_allowed +
              "Access-Control-Allow-Methods: GET, HEAD, POST\r\n"
              "Access-Control-Allow-Headers: Last-Event-ID\r\n"
              "Access-Control-Max-Age: 7200\r\n" +
              preflight_vary + "Connection: close\r\n\r\n");
    CHECK(server.ended.load() == end_reason::preflight);
    const crier::manager_stats stats = server.running.events.stats();
    const crier::stream_counts streams = streams_of(server.running.events);
    CHECK(streams.ended[static_cast<std::size_t>(end_reason::preflight)] == 1);
    CHECK(streams.ended[static_cast<std::size_t>(end_reason::refused)] == 0);
    CHECK(stats.topics.empty());
}

TEST_CASE("a preflight of another origin is refused without a word on what is allowed") {
    const streaming server{app_is_allowed()};
    for (const std::string& fields : {from_elsewhere, from_app + from_app}) {
        const std::string answer = server.answer("OPTIONS", fields + asks_for_get);
        CHECK(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"));
        CHECK(has(answer, "\r\n" + preflight_vary));
        CHECK_FALSE(has(answer, "\r\nAccess-Control"));
        CHECK(server.ended.load() == end_reason::refused);
    }
}

TEST_CASE("OPTIONS that is no preflight is not served") {
    const streaming server{app_is_allowed()};
    CHECK(server.answer("OPTIONS", "").starts_with("HTTP/1.1 405 "));
    CHECK(server.answer("OPTIONS", asks_for_get).starts_with("HTTP/1.1 405 "));
    CHECK(has(server.answer("OPTIONS", from_app), app_allowed + vary_origin));
}

TEST_CASE("options that make no sense are answered with 500 and logged") {
    std::atomic<bool> logged = false;
    server_options options;
    options.log = [&](crier::severity, std::string_view line) {
        logged = line.find("write \"https://app.example\"") != line.npos;
    };
    running_server running{[&](exchange& request) -> asio::awaitable<void> {
                               serve_options with;
                               with.cors.origins = {"https://app.example/"};
                               co_await request.stream(running.events, std::move(with));
                           },
        options};
    client peer = running.connect();
    peer.get("/", from_app + "Connection: close\r\n");
    CHECK(peer.read_to_end().starts_with("HTTP/1.1 500 "));
    CHECK(logged);
}

TEST_CASE("a handler allows origins for whatever it answers, and preflights are answered for it") {
    cors_options cors = app_is_allowed();
    cors.methods = {"PUT"};
    server_options quiet;
    quiet.log = [](crier::severity, std::string_view) {};
    std::atomic<int> handled = 0;
    running_server running{[&](exchange& request) -> asio::awaitable<void> {
                               const bool is_answered = co_await request.allow_origins(cors);
                               if (is_answered) {
                                   co_return;
                               }
                               ++handled;
                               if (request.path() == "/stream") {
                                   co_await request.stream(running.events);
                               } else if (request.path() == "/writer") {
                                   crier::stream_writer out = request.writer();
                                   co_await out.write_headers();
                                   co_await out.finish();
                               } else if (request.path() == "/text") {
                                   co_await request.respond(http::status::ok, "text");
                               } else if (request.path() == "/nothing") {
                                   co_await request.respond(http::status::no_content);
                               } else if (request.path() == "/broken") {
                                   throw std::runtime_error{"broken"};
                               }
                           },
        quiet};

    client peer = running.connect();
    peer.send("OPTIONS /text HTTP/1.1\r\nHost: a\r\n" + from_elsewhere + asks_for_get + "\r\n");
    const std::string refused = peer.read_until("\r\n\r\n");
    CHECK(refused.starts_with("HTTP/1.1 403 Forbidden\r\n"));
    CHECK(has(refused, "\r\n" + preflight_vary));
    CHECK_FALSE(has(refused, "\r\nAccess-Control"));
    CHECK(peer.read_until("\n") == "pages of this origin are not allowed\n");

    peer.send("OPTIONS /text HTTP/1.1\r\nHost: a\r\n" + from_app + asks_for_get + "\r\n");
    const std::string allowed = peer.read_until("\r\n\r\n");
    CHECK(allowed.starts_with("HTTP/1.1 204 No Content\r\n"));
    CHECK(has(allowed, app_allowed + "Access-Control-Allow-Methods: GET, HEAD, POST, PUT\r\n"));
    CHECK_FALSE(has(allowed, "Content-Length"));
    CHECK(handled == 0);

    for (const char* path : {"/text", "/nothing", "/missing", "/broken", "/stream", "/writer"}) {
        CAPTURE(path);
        client other = running.connect();
        other.get(path, from_app);
        CHECK(has(other.read_until("\r\n\r\n"), "\r\n" + app_allowed + vary_origin));
        client elsewhere = running.connect();
        elsewhere.get(path, from_elsewhere);
        const std::string header = elsewhere.read_until("\r\n\r\n");
        CHECK(has(header, "\r\n" + vary_origin));
        CHECK_FALSE(has(header, "Access-Control"));
    }
}
