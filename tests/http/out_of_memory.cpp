#include "http/listener.hpp"
#include "http/request_reader.hpp"
#include "support/left_streams.hpp"
#include "support/running_server.hpp"
#include "support/sweep.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <memory>
#include <new>
#include <optional>
#include <string>

using crier::manager;
using crier::request_head;
using crier::test::client;
using crier::test::context;
using crier::test::get;
using crier::test::left_streams;
using crier::test::request_type;
using crier::test::run_on;
using crier::test::tcp;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;

TEST_CASE("whatever allocation fails as a client leaves, its stream is counted off once") {
    bool failed = true;
    for (long nth = 0; failed; ++nth) {
        CAPTURE(nth);
        context test;
        manager events{test.io.get_executor(), {.heartbeat_interval = 10s, .ids = false}};
        left_streams all{test.io};
        tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
        const request_type request = get("/");
        client one{acceptor.local_endpoint().port()};
        crier::exchange::socket_type first{acceptor.accept()};
        client two{acceptor.local_endpoint().port()};
        crier::exchange::socket_type second{acceptor.accept()};
        all.begin(first, crier::head_of(request), events);
        all.begin(second, crier::head_of(request), events);
        test.run();
        one.socket.close();
        crier::test::fail_allocation_after(nth);
        run_on(test.io);
        failed = crier::test::allocation_failed();
        crier::test::fail_allocation_after(-1);
        test.run();
        CHECK(streams_of(events).open == 1);
        CHECK(all.connections == 1);
        two.socket.close();
        test.run();
        CHECK(streams_of(events).open == 0);
        CHECK(all.ends == 2);
    }
}

TEST_CASE("whatever allocation fails as a stream begins, the next one is watched") {
    bool failed = true;
    for (long nth = 0; failed; ++nth) {
        CAPTURE(nth);
        context test;
        manager events{test.io.get_executor(), {.heartbeat_interval = 10s, .ids = false}};
        left_streams all{test.io};
        tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
        const request_type request = get("/");
        const request_head head = crier::head_of(request);
        client one{acceptor.local_endpoint().port()};
        auto first = std::make_unique<crier::exchange::socket_type>(acceptor.accept());
        crier::test::fail_allocation_after(nth);
        try {
            all.begin(*first, head, events);
        } catch (const std::bad_alloc&) {
        }
        run_on(test.io);
        failed = crier::test::allocation_failed();
        crier::test::fail_allocation_after(-1);
        first.reset();
        one.socket.close();
        test.run();
        CHECK(streams_of(events).open == 0);
        client two{acceptor.local_endpoint().port()};
        crier::exchange::socket_type second{acceptor.accept()};
        all.begin(second, head, events);
        test.run();
        CHECK(two.read_available().starts_with("HTTP/1.1 200"));
        two.socket.close();
        test.run();
        CHECK(streams_of(events).open == 0);
        CHECK(all.connections == 0);
    }
}

TEST_CASE("a server is told to end without memory, and hears it") {
    crier::test::running_server running;
    client stream = running.connect();
    stream.get("/news");
    CHECK(stream.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    crier::test::fail_allocation_after(0, crier::test::failing::from_then_on);
    running.server.shutdown(10s);
    const bool has_failed = crier::test::allocation_failed();
    crier::test::fail_allocation_after(-1);
    CHECK_FALSE(has_failed);
    CHECK(stream.read_to_end() == "0\r\n\r\n");
    running.stop();
}

TEST_CASE("whatever allocation fails as a request goes on, it is read, or its reading ends alone") {
    crier::test::sweep([](crier::test::failing_part& part) {
        std::optional<crier::detail::connection_input> input; // a pending receive uses its memory
        context test;
        tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
        client peer{acceptor.local_endpoint().port()};
        crier::exchange::socket_type socket{acceptor.accept()};
        crier::detail::connection_stream stream{socket};
        input.emplace(stream);
        const crier::server_options options;
        bool is_read = false;
        asio::cancellation_signal cancelled; // as a server has it
        const auto ended = std::make_shared<int>();
        asio::co_spawn(test.io, crier::detail::read_request(*input, options),
            asio::bind_cancellation_slot(cancelled.slot(),
                [&is_read, ended](const std::exception_ptr& failure,
                    const crier::detail::read_result& /*read*/) { is_read = !failure; }));
        test.run();
        peer.send("POST / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1'000, 'x'));
        part([&] { run_on(test.io); });
        test.run();
        if (ended.use_count() > 1) {
            peer.send("\r\nContent-Length: 2\r\n\r\nab");
            test.run();
            CHECK(is_read);
        }
        CHECK(ended.use_count() == 1);
    });
}

TEST_CASE("where all memory fails as accepting fails, it goes on once there is some again") {
    context test;
    const crier::logger silent = [](crier::severity, std::string_view) {};
    tcp::acceptor socket{test.io, {asio::ip::address_v4::loopback(), 0}};
    const std::uint16_t port = socket.local_endpoint().port();
    socket.non_blocking(true);
    int taken = 0;
    crier::detail::listener accepting{test.io, crier::detail::descriptor{socket.release()}, silent,
        [&taken](const auto& /*connection*/) { ++taken; }};
    accepting.start();
    test.run();
    const client first{port};
    crier::test::fail_allocation_after(0, crier::test::failing::from_then_on);
    test.io.poll_one();
    crier::test::fail_allocation_after(-1);
    test.advance(100ms);
    const client second{port};
    test.run();
    CHECK(taken > 0);
    accepting.close();
    test.run();
}

TEST_CASE("whatever allocation fails in answering a request, it is answered, or its handler told") {
    crier::test::sweep([](crier::test::failing_part& part) {
        context test;
        tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
        client peer{acceptor.local_endpoint().port()};
        crier::exchange::socket_type socket{acceptor.accept()};
        crier::exchange request{socket, get("/"), 1s};
        asio::steady_timer ready{test.io, asio::steady_timer::time_point::max()};
        const auto answer = [&]() -> asio::awaitable<void> {
            co_await ready.async_wait(asio::as_tuple(asio::use_awaitable));
            asio::awaitable<void> answering =
                request.respond(http::status::ok, std::string(1'000, 'x'));
            co_await std::move(answering);
        };
        const auto ended = std::make_shared<int>();
        asio::cancellation_signal cancelled; // as a server has it
        asio::co_spawn(test.io, answer(),
            asio::bind_cancellation_slot(cancelled.slot(), [ended](const std::exception_ptr&) {}));
        test.run();
        ready.cancel();
        part([&] { run_on(test.io); });
        test.run();
        CHECK(ended.use_count() == 1);
        const std::string answered = peer.read_available();
        CHECK((answered.ends_with(std::string(1'000, 'x')) || part.has_failed()));
        CHECK((answered.empty() || answered.ends_with(std::string(1'000, 'x'))));
    });
}
