#include <crier/http/server.hpp>
#include <crier/wire/errc.hpp>

#include "support/running_server.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

using crier::exchange;
using crier::server_options;
using crier::test::client;
using crier::test::counted;
using crier::test::eventually;
using crier::test::lines;
using crier::test::running_server;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

const std::string host = "Host: a\r\n";

asio::awaitable<void> echo(exchange& request) {
    return request.respond(http::status::ok, std::string{request.path()} + "|" +
                                                 std::string{request.query()} + "|" +
                                                 request.request().body());
}

/// One response with a Content-Length off the connection: its head and its body.
std::string response_of(client& peer) {
    const std::string head = peer.read_until("\r\n\r\n");
    const std::size_t at = head.find("Content-Length: ");
    if (at == head.npos) {
        return head;
    }
    std::string response = head;
    const std::size_t size = std::stoul(head.substr(at + 16));
    for (std::size_t i = 0; i < size; ++i) {
        response += peer.read_byte();
    }
    return response;
}

/// The answer to one raw request, and that the connection ends with it.
std::string answer_and_end(const running_server& to, const std::string& raw) {
    client peer = to.connect();
    peer.send(raw);
    std::string answer = peer.read_to_end();
    CHECK(peer.at_end);
    return answer;
}

} // namespace

TEST_CASE("requests on one connection are answered one after the other") {
    const running_server running{echo};
    client peer = running.connect();
    peer.get("/a?b=c");
    CHECK(response_of(peer).ends_with("\r\n\r\n/a|b=c|"));
    peer.send("POST /b HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nxyzGET /c HTTP/1.1\r\n" +
              host + "\r\n");
    CHECK(response_of(peer).ends_with("/b||xyz"));
    CHECK(response_of(peer).ends_with("/c||"));
    peer.send("POST /d HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    peer.send("1\r\nc\r\n0\r\n\r\n");
    CHECK(response_of(peer).ends_with("/d||abc"));
}

TEST_CASE("the connection ends where the client wants it") {
    const running_server running{echo};
    CHECK(answer_and_end(running, "GET / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n")
            .starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer_and_end(running, "GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 200 OK\r\n"));
}

TEST_CASE("HEAD gets the head alone") {
    const running_server running{echo};
    client peer = running.connect();
    peer.send("HEAD /12345 HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");
    const std::string answer = peer.read_to_end();
    CHECK(answer.ends_with("\r\n\r\n"));
    CHECK(answer.find("Content-Length: 8\r\n") != answer.npos);
}

TEST_CASE("the gate stands before every handler, and ends the connection") {
    bool handled = false;
    const running_server running{[&handled](exchange& request) {
        handled = true;
        return echo(request);
    }};
    const std::string post = "POST / HTTP/1.1\r\n" + host;
    for (const auto& [raw, status] :
        std::vector<std::pair<std::string, const char*>>{{"nonsense\r\n\r\n", "400"},
            {"GET / HTTP/1.1\r\n\r\n", "400"}, {"GET / HTTP/1.1\r\n" + host + host + "\r\n", "400"},
            {"GET / HTTP/1.1\r\n" + host + "X: a\r\n b\r\n\r\n", "400"},
            {"GET / HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\nab", "400"},
            {"GET / HTTP/3.0\r\n" + host + "\r\n", "505"},
            {post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", "400"},
            {post + "Content-Length: 1, 1\r\n\r\na", "400"},
            {post + "Transfer-Encoding: gzip\r\n\r\n", "400"},
            {post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
            {post + "Content-Length: 65537\r\n\r\n", "413"},
            {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(9'000, 'x') + "\r\n\r\n", "431"},
            {std::string(9'000, 'x'), "431"}}) {
        CAPTURE(raw.substr(0, 80));
        CHECK(answer_and_end(running, raw).starts_with(std::string{"HTTP/1.1 "} + status));
    }
    CHECK(answer_and_end(running, "HEAD / HTTP/1.1\r\nnonsense\r\n\r\n").ends_with("\r\n\r\n"));
    CHECK_FALSE(handled);
}

TEST_CASE("a program can change what the server answers in the handler's place") {
    lines logged;
    server_options options;
    options.log = logged.logger();
    options.on_refusal = [](const crier::refusal& why, exchange::response_type& answer) {
        if (why.status == 431) {
            throw std::runtime_error{"no words for it"};
        }
        answer.set("Access-Control-Allow-Origin", "*");
        answer.set("Content-Type", "application/json");
        answer.body() = R"({"code":)" + std::to_string(why.status) + "}";
    };
    const running_server running{echo, options};
    const std::string large =
        answer_and_end(running, "POST / HTTP/1.1\r\n" + host + "Content-Length: 65537\r\n\r\n");
    CHECK(large.starts_with("HTTP/1.1 413 Payload Too Large\r\n"));
    for (const char* part : {"\r\nAccess-Control-Allow-Origin: *\r\n", "\r\nConnection: close\r\n",
             "\r\nContent-Length: 12\r\n", "\r\nContent-Type: application/json\r\n",
             "\r\nDate: ", "\r\n\r\n{\"code\":413}"}) {
        CAPTURE(part);
        CHECK(large.find(part) != std::string::npos);
    }
    const std::string head = answer_and_end(running, "HEAD / HTTP/1.1\r\nnonsense\r\n\r\n");
    CHECK(head.starts_with("HTTP/1.1 400 "));
    CHECK(head.ends_with("\r\n\r\n"));
    CHECK_FALSE(logged.contain("on_refusal"));
    const std::string plain = answer_and_end(running, std::string(9'000, 'x'));
    CHECK(plain.starts_with("HTTP/1.1 431 "));
    CHECK(plain.ends_with("\r\n\r\nrequest header is too large\n"));
    CHECK(logged.contain("on_refusal failed: no words for it"));
}

TEST_CASE("a refusal arrives, however much its client sends without looking") {
    const running_server running{echo, {}};
    for (const auto& [head, status] : std::vector<std::pair<std::string, const char*>>{
             {"POST / HTTP/1.1\r\n" + host + "Content-Length: 4000000\r\n\r\n", "413"},
             {"GET / HTTP/1.1\r\n" + host + "X: ", "431"}, {"nonsense\r\n\r\n", "400"}}) {
        CAPTURE(status);
        client peer = running.connect();
        peer.send(head);
        peer.send(std::string(4'000'000, 'x'));
        CHECK(peer.read_to_end().starts_with(std::string{"HTTP/1.1 "} + status));
        CHECK(peer.at_end);
    }
    CHECK(eventually([&] { return running.server.connections() == 0; }));
}

TEST_CASE("a request that is not complete in time gets 408, a silent connection is closed") {
    server_options options;
    options.header_timeout = 1s; // a busy machine may take some of it to send and to read
    const running_server running{echo, options};
    client head = running.connect();
    client body = running.connect();
    client silent = running.connect();
    head.send("GET / HTTP/1.1\r\nHos");
    body.send("POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nab");
    for (client* const peer : {&head, &body}) {
        CHECK(peer->read_to_end().starts_with("HTTP/1.1 408 "));
        CHECK(peer->at_end);
    }
    CHECK(silent.read_to_end().empty());
    CHECK(silent.at_end);
}

TEST_CASE("a client that does not take its response is cut") {
    server_options options;
    options.response_timeout = 50ms;
    const running_server running{[](exchange& request) {
                                     return request.respond(
                                         http::status::ok, std::string(30'000'000, 'x'));
                                 },
        options};
    client peer = running.connect();
    peer.get("/");
    CHECK(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    CHECK(eventually([&] { return running.server.connections() == 0; }));
}

TEST_CASE("a handler that gives no answer is answered for, and one that throws is logged") {
    lines logged;
    server_options options;
    options.log = logged.logger();
    const running_server running{[](exchange& request) -> asio::awaitable<void> {
                                     if (request.path() == "/throws") {
                                         throw std::runtime_error{"out of luck"};
                                     }
                                     if (request.path() == "/throws/code") {
                                         throw boost::system::system_error{
                                             asio::error::not_found, "no such row"};
                                     }
                                     if (request.path() == "/throws/number") {
                                         throw 42; // NOLINT(hicpp-exception-baseclass)
                                     }
                                     co_return;
                                 },
        options};
    client peer = running.connect();
    peer.get("/nothing");
    CHECK(response_of(peer).starts_with("HTTP/1.1 404 "));
    peer.get("/throws");
    CHECK(response_of(peer).starts_with("HTTP/1.1 500 "));
    CHECK(logged.contain("out of luck"));
    client another = running.connect();
    another.get("/throws/code");
    CHECK(response_of(another).starts_with("HTTP/1.1 500 "));
    CHECK(logged.contain("no such row"));
    client third = running.connect();
    third.get("/throws/number");
    CHECK(response_of(third).starts_with("HTTP/1.1 500 "));
    CHECK(logged.contain("handler failed: unknown"));
    client other = running.connect();
    other.get("/nothing");
    CHECK(response_of(other).starts_with("HTTP/1.1 404 "));
}

TEST_CASE("a stream is ended properly by shutdown, and idle connections at once") {
    running_server running;
    client stream = running.connect();
    const client idle = running.connect();
    stream.get("/news");
    CHECK(stream.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    const auto id = to_string(*running.events.publish("/news", "1"));
    CHECK(stream.read_until("\n\n\r\n").ends_with("\r\ndata: 1\nid: " + id + "\n\n\r\n"));
    const auto begun = std::chrono::steady_clock::now();
    running.stop(10s);
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
    CHECK(stream.read_to_end() == "0\r\n\r\n");
    CHECK(streams_of(running.events).open == 0);
}

TEST_CASE("a handler that subscribes after the shutdown is answered with 503") {
    const running_server running{[&](exchange& request) -> asio::awaitable<void> {
        static_cast<void>(request);
        throw boost::system::system_error{crier::errc::shut_down};
        co_return;
    }};
    client peer = running.connect();
    peer.get("/");
    CHECK(response_of(peer).starts_with("HTTP/1.1 503 "));
}

TEST_CASE("a handler that writes its stream by hand learns of the shutdown, and ends it in order") {
    std::atomic<bool> was_shut_down_before = true;
    running_server running{[&](exchange& request) -> asio::awaitable<void> {
        const std::stop_token shutdown = request.shutdown_token();
        was_shut_down_before = shutdown.stop_requested();
        crier::signal changed{request.get_executor()};
        const std::stop_callback at_shutdown{shutdown, [&changed] { changed.set(); }};
        crier::stream_writer out = request.writer();
        co_await out.write_headers();
        while (!shutdown.stop_requested()) {
            co_await out.wait(changed);
        }
        co_await out.write("closing");
        co_await out.finish();
    }};
    client peer = running.connect();
    peer.get("/");
    CHECK(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    const auto begun = std::chrono::steady_clock::now();
    running.stop(10s);
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
    CHECK_FALSE(was_shut_down_before);
    CHECK(peer.read_to_end() == "f\r\ndata: closing\n\n\r\n0\r\n\r\n");
}

TEST_CASE("a handler that is told of the shutdown by a call goes on there and then") {
    std::atomic<int> told{0};
    std::atomic<int> inside{0};
    running_server running{[&](exchange& request) -> asio::awaitable<void> {
        const counted here{inside};
        crier::signal ended{request.get_executor()};
        const std::stop_callback at_shutdown{request.shutdown_token(), [&] {
                                                 ++told;
                                                 ended.set();
                                             }};
        co_await ended.async_wait(asio::use_awaitable);
        co_await request.respond(http::status::service_unavailable);
    }};
    std::vector<client> peers;
    for (int i = 0; i < 3; ++i) {
        peers.push_back(running.connect());
        peers.back().get("/");
    }
    REQUIRE(eventually([&] { return inside == 3; }));
    running.stop(10s);
    for (client& peer : peers) {
        CHECK(peer.read_to_end().starts_with("HTTP/1.1 503 "));
    }
    CHECK(told == 3);
}

TEST_CASE("a handler that does not end is cut at the deadline") {
    std::atomic<int> inside{0};
    running_server running{[&](exchange& request) -> asio::awaitable<void> {
        const counted here{inside};
        crier::timer never{request.get_executor(), crier::clock::time_point::max()};
        co_await never.async_wait(asio::use_awaitable);
    }};
    client peer = running.connect();
    peer.get("/");
    REQUIRE(eventually([&] { return inside == 1; }));
    running.stop(20ms);
    CHECK(inside == 0);
}

TEST_CASE("a handler that does not let itself be cut goes with its server") {
    std::atomic<int> inside{0};
    {
        running_server running{[&](exchange& request) -> asio::awaitable<void> {
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
            const counted here{inside};
            crier::timer never{request.get_executor(), crier::clock::time_point::max()};
            co_await never.async_wait(asio::use_awaitable);
        }};
        client peer = running.connect();
        peer.get("/");
        REQUIRE(eventually([&] { return inside == 1; }));
        running.stop(20ms);
        CHECK(inside == 1);
    }
    CHECK(inside == 0);
}

TEST_CASE("connections over the limit get 503") {
    server_options options;
    options.max_connections = 1;
    const running_server running{echo, options};
    client first = running.connect();
    first.get("/");
    CHECK(response_of(first).starts_with("HTTP/1.1 200 "));
    client second = running.connect();
    CHECK(second.read_to_end().starts_with("HTTP/1.1 503 "));
    client talkative = running.connect();
    talkative.send("POST / HTTP/1.1\r\n" + host + "Content-Length: 4000000\r\n\r\n");
    talkative.send(std::string(4'000'000, 'x'));
    CHECK(talkative.read_to_end().starts_with("HTTP/1.1 503 "));
    CHECK(running.server.connections() == 1);
    first.socket.close();
    CHECK(eventually([&] { return running.server.connections() == 0; }));
    client third = running.connect();
    third.get("/");
    CHECK(response_of(third).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("several threads share a port, each with connections of its own") {
    server_options options;
    options.threads = 3;
    std::mutex mutex;
    std::set<std::thread::id> seen;
    const running_server running{[&](exchange& request) {
                                     {
                                         const std::lock_guard lock{mutex};
                                         seen.insert(std::this_thread::get_id());
                                     }
                                     return echo(request);
                                 },
        options};
    for (int i = 0; i < 200; ++i) {
        client peer = running.connect();
        peer.get("/");
        CHECK(response_of(peer).starts_with("HTTP/1.1 200 "));
    }
    CHECK(seen.size() == 3);
}

TEST_CASE("streams on several threads get every event of every publisher") {
    server_options options;
    options.threads = 3;
    running_server running{options};
    std::vector<client> peers;
    for (int i = 0; i < 30; ++i) {
        peers.push_back(running.connect());
        peers.back().get("/t");
        peers.back().read_until("\r\n\r\n");
    }
    for (int i = 0; i < 20; ++i) {
        running.events.publish("/t", i);
    }
    running.events.publish("/t", "end");
    std::string first;
    for (client& peer : peers) {
        const std::string stream = peer.read_until("data: end\nid: ");
        first = first.empty() ? stream : first;
        CHECK(stream == first);
        CHECK(stream.find("data: 19\n") != stream.npos);
    }
    CHECK(streams_of(running.events).open == 30);
}

TEST_CASE("a taken port is told as such, and a number that makes no sense") {
    const running_server running{echo};
    server_options options;
    options.port = running.server.local_endpoint().port();
    try {
        const crier::server second{options};
        FAIL("must not listen");
    } catch (const boost::system::system_error& error) {
        CHECK(error.code() == asio::error::address_in_use);
    }
    options.port = 0;
    options.threads = 0;
    CHECK_THROWS_AS(crier::server{options}, std::invalid_argument);
}

TEST_CASE("a shutdown hook that throws is logged, and the server ends") {
    lines logged;
    server_options options;
    options.log = logged.logger();
    running_server running{echo, options};
    running.server.on_shutdown([] { throw std::runtime_error{"no goodbye"}; });
    running.stop();
    CHECK(logged.contain("no goodbye"));
}

TEST_CASE("a server that is shut down before it runs ends at once") {
    server_options options;
    options.port = 0;
    crier::server server{options};
    server.shutdown();
    server.run(echo);
    CHECK(server.connections() == 0);
}

TEST_CASE("all limits may be as great as they can be") {
    server_options options;
    options.max_connections = none;
    options.body_bytes = none;
    options.limits = {.header_bytes = none, .header_fields = none};
    running_server on{echo, options};
    client peer = on.connect();
    peer.send("POST /a HTTP/1.1\r\n" + host + "X: " + std::string(20'000, 'x') +
              "\r\nContent-Length: 2\r\n\r\nhi");
    CHECK(response_of(peer).ends_with("/a||hi"));
    peer.send(
        "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    CHECK(response_of(peer).ends_with("/a||hi"));
    peer.send("POST /a HTTP/1.1\r\n" + host + "Content-Length: " + std::to_string(none / 2 + 5) +
              "\r\n\r\n");
    CHECK(response_of(peer).find("413") != std::string::npos);
}
