// Durations without an end: milliseconds::max() means never, wherever options have a duration.

#include <crier/http/stream_writer.hpp>

#include "support/running_server.hpp"
#include "support/served_stream.hpp"

#include <chrono>
#include <optional>
#include <string>

using crier::manager;
using crier::test::client;
using crier::test::context;
using crier::test::running_server;
using crier::test::tcp;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds without_end = std::chrono::milliseconds::max();

} // namespace

TEST_CASE("a stream whose heartbeat interval has no end is silent, and stays") {
    context test;
    manager events{test.io.get_executor(), {.heartbeat_interval = without_end, .ids = false}};
    crier::test::stream open{test, events, crier::test::topic("a")};
    CHECK(open.read() == crier::test::header);
    test.advance(24h * 365);
    CHECK(open.read().empty());
    events.publish("a", "1");
    CHECK(open.read() == crier::test::chunk("data: 1\n\n"));
    CHECK_FALSE(open.reason);
}

TEST_CASE("a writer whose heartbeat interval has no end waits without heartbeats") {
    context test;
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    tcp::socket socket{acceptor.accept()};
    const crier::writer_options options{.heartbeat_interval = without_end};
    crier::stream_writer out{socket, 11, test.io.get_executor(), options};
    crier::signal changed{test.io.get_executor()};
    std::optional<bool> is_open;
    asio::co_spawn(test.io, out.wait(changed),
        [&is_open](const std::exception_ptr&, bool result) { is_open = result; });
    test.advance(24h * 365);
    CHECK_FALSE(is_open);
    CHECK(peer.read_available().empty());
    changed.set();
    test.run();
    CHECK(is_open == true);
}

TEST_CASE("a server whose timeouts have no end waits for requests, and for its streams' end") {
    crier::server_options options;
    options.header_timeout = without_end;
    options.idle_timeout = without_end;
    options.response_timeout = without_end;
    running_server running{[&running](crier::exchange& request) -> asio::awaitable<void> {
                               if (request.path() == "/stream") {
                                   co_await request.stream(running.events);
                               } else {
                                   co_await request.respond(http::status::ok);
                               }
                           },
        options};
    client slow = running.connect();
    slow.send("GET / HTTP/1.1\r\nHo");
    client quick = running.connect();
    quick.get("/");
    CHECK(quick.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    quick.get("/");
    CHECK(quick.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    slow.send("st: a\r\n\r\n");
    CHECK(slow.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    client stream = running.connect();
    stream.get("/stream");
    CHECK(stream.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    running.stop(without_end);
    CHECK(stream.read_to_end() == "0\r\n\r\n");
}
