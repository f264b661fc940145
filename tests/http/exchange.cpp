#include <crier/http/exchange.hpp>

#include "support/served_stream.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <utility>

using crier::exchange;
using crier::manager;
using crier::serve_options;
using crier::test::client;
using crier::test::context;
using crier::test::get;
using crier::test::tcp;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;

namespace {

/// A request of a server of one's own, and what its client gets.
struct exchanging {
    context test;
    manager events{test.io.get_executor()};
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    exchange::socket_type socket{acceptor.accept()};

    std::string answer(
        exchange::request_type asked, std::function<asio::awaitable<void>(exchange&)> handle) {
        exchange request{socket, std::move(asked), 1s};
        test.spawn(handle(request));
        return peer.read_available();
    }
};

exchange::request_type preflight(std::string_view origin) {
    exchange::request_type request{http::verb::options, "/", 11};
    request.set(http::field::host, "a");
    request.set(http::field::origin, {origin.data(), origin.size()});
    request.set(http::field::access_control_request_method, "GET");
    return request;
}

} // namespace

TEST_CASE("path and query of an exchange are as they were sent, also to a proxy") {
    exchanging with;
    const exchange plain{with.socket, get("/caf%C3%A9?b=%20"), 1s};
    CHECK(plain.path() == "/caf%C3%A9");
    CHECK(plain.query() == "b=%20");
    const exchange absolute{with.socket, get("http://example/a?b"), 1s};
    CHECK(absolute.path() == "/a");
    CHECK(absolute.query() == "b");
    CHECK(absolute.request().target() == "http://example/a?b");
}

TEST_CASE("a request that did not pass the gate gets no stream") {
    exchanging with;
    exchange::request_type two_lengths = get("/");
    two_lengths.insert("Content-Length", "0");
    two_lengths.insert("Content-Length", "0");
    const std::string answer = with.answer(std::move(two_lengths),
        [&](exchange& request) -> asio::awaitable<void> { co_await request.stream(with.events); });
    CHECK(answer.starts_with("HTTP/1.1 400 "));
    CHECK(answer.ends_with("the body's length is stated more than once\n"));
}

TEST_CASE("the origins that a handler allows hold for its stream, unless the stream has its own") {
    crier::cors_options everybody;
    everybody.origins = {"*"};
    for (const bool own : {false, true}) {
        exchanging with;
        exchange::request_type asked = get("/");
        asked.set(http::field::origin, "https://app.example");
        const auto handle = [&](exchange& request) -> asio::awaitable<void> {
            const bool was_preflight = co_await request.allow_origins(everybody);
            CHECK_FALSE(was_preflight);
            serve_options options;
            if (own) {
                options.cors.origins = {"https://app.example"};
            }
            co_await request.stream(with.events, std::move(options));
        };
        exchange request{with.socket, std::move(asked), 1s};
        asio::co_spawn(with.test.io, handle(request), [](const std::exception_ptr&) {});
        with.test.run();
        const std::string header = with.peer.read_available();
        const auto has = [&](const char* line) { return header.find(line) != header.npos; };
        CHECK(has("Access-Control-Allow-Origin: *\r\n") == !own);
        CHECK(has("Access-Control-Allow-Origin: https://app.example\r\nVary: Origin\r\n") == own);
        with.events.shutdown();
        with.test.run();
    }
}

TEST_CASE("a preflight is answered for the handler, and told that it was one") {
    crier::cors_options cors;
    cors.origins = {"https://app.example"};
    for (const auto& [origin, status] :
        {std::pair{"https://app.example", "204"}, {"https://b.example", "403"}}) {
        exchanging with;
        bool was_preflight = false;
        const std::string answer =
            with.answer(preflight(origin), [&](exchange& request) -> asio::awaitable<void> {
                was_preflight = co_await request.allow_origins(cors);
                CHECK(request.is_answered());
                CHECK(request.keeps_alive());
            });
        CHECK(was_preflight);
        CHECK(answer.starts_with(std::string{"HTTP/1.1 "} + status));
    }
}

TEST_CASE("a time to respond of zero means the default, and the greatest of all never") {
    for (const auto timeout :
        {std::chrono::milliseconds{0}, -1ms, std::chrono::milliseconds::max()}) {
        CAPTURE(timeout.count());
        exchanging with;
        exchange request{with.socket, get("/"), timeout};
        const std::string text(20'000'000, 'x'); // more than the kernel takes at once
        with.test.spawn(request.respond(http::status::ok, text));
        with.test.advance(20s);
        std::string answer;
        CHECK(with.test.run_until([&] {
            answer += with.peer.read_available();
            return answer.size() > text.size() || with.peer.at_end;
        }));
        CHECK(answer.size() > text.size());
        CHECK_FALSE(with.peer.at_end);
    }
}

TEST_CASE("options that make no sense leave the request unanswered") {
    exchanging with;
    exchange request{with.socket, get("/"), 1s};
    serve_options options;
    options.retry = -1ms;
    CHECK_THROWS_AS(static_cast<void>(request.stream(with.events, options)), std::invalid_argument);
    CHECK_THROWS_AS(request.detach_stream(with.events, options), std::invalid_argument);
    CHECK_FALSE(request.is_answered());
}

TEST_CASE("a method that is not allowed is answered, and told which ones are") {
    for (const auto& [method, status] : {std::pair{http::verb::delete_, "405"},
             {http::verb::trace, "405"}, {http::verb::options, "204"}, {http::verb::get, ""},
             {http::verb::head, ""}, {http::verb::post, ""}}) {
        CAPTURE(method);
        exchanging with;
        exchange::request_type asked = get("/");
        asked.method(method);
        bool was_answered = false;
        const std::string answer =
            with.answer(std::move(asked), [&](exchange& request) -> asio::awaitable<void> {
                was_answered = co_await request.allow_methods("GET, POST");
                CHECK(request.keeps_alive() == was_answered);
            });
        CHECK(was_answered == !answer.empty());
        CHECK(answer.substr(0, 12) == (was_answered ? std::string{"HTTP/1.1 "} + status : ""));
        CHECK((answer.find("\r\nAllow: GET, POST, HEAD\r\n") != answer.npos) == was_answered);
    }
}

TEST_CASE("HEAD is allowed where it is named, too") {
    exchanging with;
    exchange::request_type asked = get("/");
    asked.method(http::verb::head);
    bool was_answered = true;
    with.answer(std::move(asked), [&](exchange& request) -> asio::awaitable<void> {
        was_answered = co_await request.allow_methods("HEAD, POST");
    });
    CHECK_FALSE(was_answered);
}

TEST_CASE("a response that can have no body has none, and no length") {
    for (const http::status status : {http::status::no_content, http::status::not_modified}) {
        exchanging with;
        const std::string answer =
            with.answer(get("/"), [&](exchange& request) -> asio::awaitable<void> {
                co_await request.respond(status, "text");
            });
        CHECK(answer.ends_with("\r\n\r\n"));
        CHECK(answer.find("Content-") == answer.npos);
    }
    exchanging with;
    const std::string answer =
        with.answer(get("/"), [](exchange& request) -> asio::awaitable<void> {
            exchange::response_type unchanged{http::status::not_modified, 11};
            unchanged.set(http::field::content_length, "17");
            co_await request.respond(std::move(unchanged));
        });
    CHECK(answer.find("\r\nContent-Length: 17\r\n") != answer.npos);
}

TEST_CASE("a handler's refusal is text, or JSON where the client prefers it") {
    for (const auto& [accept, expected] : {std::pair{"*/*", "not \"yours\"\n"},
             {"application/json", R"({"title":"Forbidden","status":403,"detail":"not \"yours\""})"
                                  "\n"}}) {
        exchanging with;
        exchange::request_type asked = get("/");
        asked.set(http::field::accept, accept);
        const std::string answer =
            with.answer(std::move(asked), [](exchange& request) -> asio::awaitable<void> {
                std::string why{R"(not "yours")"};
                co_await request.refuse(http::status::forbidden, std::move(why));
            });
        CHECK(answer.starts_with("HTTP/1.1 403 "));
        CHECK(answer.ends_with("\r\n\r\n" + std::string{expected}));
    }
}

namespace {

/// What a handler's own stream comes to for a request.
struct written {
    std::string answer;
    std::optional<boost::system::error_code> failure;
};

written write_stream(exchange::request_type asked, crier::writer_options options = {}) {
    exchanging with;
    written result;
    const auto handle = [&](exchange& request) -> asio::awaitable<void> {
        try {
            crier::stream_writer out = request.writer(options);
            co_await out.write_headers();
            co_await out.finish();
        } catch (const boost::system::system_error& error) {
            result.failure = error.code();
        }
    };
    result.answer = with.answer(std::move(asked), handle);
    return result;
}

} // namespace

TEST_CASE("a stream that a handler writes is for requests that ask for one") {
    const written stream = write_stream(get("/"));
    CHECK_FALSE(stream.failure);
    CHECK(stream.answer.ends_with("\r\n\r\n0\r\n\r\n"));

    exchange::request_type post = get("/");
    post.method(http::verb::post);
    const written refused = write_stream(post);
    CHECK(refused.failure == crier::errc::no_stream);
    CHECK(refused.answer.starts_with("HTTP/1.1 405 "));
    CHECK_FALSE(write_stream(post, {.checks_request = false}).failure);

    exchange::request_type json = get("/");
    json.set(http::field::accept, "application/json");
    CHECK(write_stream(json).answer.starts_with("HTTP/1.1 406 "));

    exchange::request_type head = get("/");
    head.method(http::verb::head);
    const written header = write_stream(head, {.fields = {{"X-Node", "7"}}});
    CHECK(header.failure == crier::errc::no_stream);
    CHECK(crier::test::without_date(header.answer) + "0\r\n\r\n" ==
          crier::test::without_date(write_stream(get("/"), {.fields = {{"X-Node", "7"}}}).answer));
}

TEST_CASE("a writer's options that make no sense leave the request unanswered, whatever it is") {
    for (const http::verb method : {http::verb::get, http::verb::head, http::verb::post}) {
        for (const crier::writer_options& options :
            {crier::writer_options{.fields = {{"X-Room", "a\r\nSet-Cookie: b=c"}}},
                crier::writer_options{.fields = {{"Content-Length", "1"}}},
                crier::writer_options{.heartbeat_text = "\xff"}}) {
            CAPTURE(method);
            exchanging with;
            exchange::request_type asked = get("/");
            asked.method(method);
            exchange request{with.socket, std::move(asked), 1s};
            CHECK_THROWS_AS(static_cast<void>(request.writer(options)), std::invalid_argument);
            CHECK_FALSE(request.is_answered());
        }
    }
}
