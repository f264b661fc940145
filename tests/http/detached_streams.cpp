#include "http/detached_streams.hpp"

#include <crier/async/single_thread.hpp>
#include <crier/http/server.hpp>

#include "support/left_streams.hpp"
#include "support/running_server.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>

using crier::exchange;
using crier::serve_options;
using crier::server_options;
using crier::test::client;
using crier::test::counted;
using crier::test::eventually;
using crier::test::lines;
using crier::test::running_server;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// A server each of whose streams is left to it.
struct leaving {
    explicit leaving(serve_options with = {}, const server_options& of = {})
        : options{std::move(with)},
          running{[this](exchange& request) { return leave(request); }, of} {}

    asio::awaitable<void> leave(exchange& request) {
        const counted here{handlers};
        request.detach_stream(running.events, options);
        if (then) {
            then(request);
        }
        co_return;
    }

    /// Asks for a stream, and waits until it has begun.
    client opened() {
        client peer = running.connect();
        peer.get("/t");
        CHECK(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
        return peer;
    }

    bool all_gone() {
        return eventually([this] {
            return streams_of(running.events).open == 0 && running.server.connections() == 0;
        });
    }

    serve_options options;
    std::function<void(exchange&)> then;
    std::atomic<int> handlers{0};
    running_server running;
};

} // namespace

TEST_CASE("a stream that is left to the server goes on without its handler") {
    leaving test;
    client peer = test.opened();
    CHECK(test.handlers == 0);
    CHECK(eventually([&] { return test.running.server.connections() == 1; }));
    test.running.events.publish("/t", "one");
    peer.read_until("data: one\n");
    test.running.events.publish("/t", "two");
    peer.read_until("data: two\n");
    CHECK(streams_of(test.running.events).open == 1);
}

TEST_CASE("a client that leaves ends the stream that was left to the server") {
    leaving test;
    client one = test.opened();
    client other = test.opened();
    one.socket.close();
    CHECK(eventually([&] { return test.running.server.connections() == 1; }));
    test.running.events.publish("/t", "still here");
    other.read_until("still here\n");
    other.socket.set_option(asio::socket_base::linger{true, 0});
    other.socket.close();
    CHECK(test.all_gone());
}

TEST_CASE("a client that goes on sending after its request is cut") {
    leaving test;
    client polite = test.opened();
    polite.send("a little is ignored");
    client peer = test.opened();
    peer.send(std::string(5000, 'x'));
    peer.read_to_end();
    CHECK(eventually([&] { return test.running.server.connections() == 1; }));
    test.running.events.publish("/t", "one");
    polite.read_until("data: one\n");
}

TEST_CASE("a client that reads late gets what its queue has room for, all of it") {
    serve_options options;
    options.queue.emplace();
    options.queue->events = 100'000;
    options.queue->bytes = 1'000'000'000;
    leaving test{options};
    client peer = test.opened();
    // More than the kernel's buffers of both sides hold.
    constexpr int events = 400;
    const std::string big(100'000, 'x');
    for (int i = 0; i < events; ++i) {
        test.running.events.publish("/t", std::to_string(i) + big);
    }
    for (int i = 0; i < events; ++i) {
        peer.read_until("data: " + std::to_string(i) + "x");
    }
    CHECK(test.running.events.stats().dropped == 0);
}

TEST_CASE("streams that are left to the server end with it") {
    SUBCASE("properly, where the client reads") {
        leaving test;
        client peer = test.opened();
        const auto begun = std::chrono::steady_clock::now();
        test.running.stop(10s);
        CHECK(std::chrono::steady_clock::now() - begun < 5s);
        CHECK(peer.read_to_end() == "0\r\n\r\n");
    }
    SUBCASE("at the deadline, where it takes nothing") {
        leaving test;
        client peer = test.opened();
        const std::string big(100'000, 'x');
        while (test.running.events.stats().dropped == 0) {
            test.running.events.publish("/t", big);
        }
        test.running.stop(20ms);
        CHECK(streams_of(test.running.events).open == 0);
    }
    SUBCASE("cut, where the manager goes on") {
        crier::manager events{asio::system_executor{}};
        running_server running{[&events](exchange& request) -> asio::awaitable<void> {
            request.detach_stream(events, {});
            co_return;
        }};
        client peer = running.connect();
        peer.get("/t");
        peer.read_until("\r\n\r\n");
        running.stop(20ms);
        CHECK(peer.read_to_end() == "0\r\n\r\n");
        CHECK(streams_of(events).open == 0);
    }
}

TEST_CASE("a request is answered once, be it with a stream that is left") {
    leaving test;
    test.then = [&test](exchange& request) {
        CHECK(request.is_answered());
        CHECK_THROWS_AS(request.detach_stream(test.running.events, {}), std::logic_error);
        CHECK_THROWS_AS(static_cast<void>(request.stream(test.running.events)), std::logic_error);
        CHECK_THROWS_AS(static_cast<void>(request.writer()), std::logic_error);
    };
    client peer = test.opened();
    test.running.events.publish("/t", "one");
    peer.read_until("data: one\n");
}

TEST_CASE("what fails before or as a stream begins is logged, and ends its connection") {
    lines log;
    server_options of;
    of.log = log.logger();
    SUBCASE("a handler that throws after it left the stream") {
        leaving test{{}, of};
        test.then = [](exchange&) { throw std::runtime_error{"second thoughts"}; };
        client peer = test.running.connect();
        peer.get("/t");
        CHECK(peer.read_to_end().empty());
        CHECK(eventually([&] { return log.contain("handler failed: second thoughts"); }));
        CHECK(test.all_gone());
    }
    SUBCASE("limits that make no sense") {
        serve_options options;
        options.queue.emplace();
        options.queue->events = 0;
        leaving test{options, of};
        client peer = test.running.connect();
        peer.get("/t");
        CHECK(peer.read_to_end().starts_with("HTTP/1.1 500 "));
        CHECK(eventually([&] { return log.contain("a stream failed: "); }));
        CHECK(test.all_gone());
    }
}

TEST_CASE("a refusal goes on as soon as a client that took nothing takes it") {
    crier::test::context test;
    crier::manager events{test.io.get_executor()};
    crier::promise_single_thread(test.io);
    std::atomic<std::size_t> connections{0};
    crier::detail::detached_streams streams{
        test.io.get_executor(), [](crier::severity, std::string_view) {}, connections, [] {}};
    asio::ip::tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    exchange::socket_type socket{acceptor.accept()};
    socket.non_blocking(true);
    crier::detail::limit_buffering(socket.native_handle(), 65'536, 10s);
    const std::string before(65536, 'x');
    boost::system::error_code error;
    while (!error) {
        socket.write_some(asio::buffer(before), error);
    }
    const exchange::request_type request{boost::beast::http::verb::post, "/", 11};
    crier::detail::connection_stream stream{socket};
    streams.begin(stream, crier::test::ordered(crier::head_of(request), events));
    std::string got;
    CHECK(test.run_until([&] {
        got += peer.read_available();
        return peer.at_end;
    }));
    CHECK(got.find("HTTP/1.1 ") != got.npos);
}
