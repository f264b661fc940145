// Both ends together: a manager's streams over loopback, read by an event_source.

#include <crier/client/event_source.hpp>
#include <crier/crier.hpp>

#include "support/context.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using crier::test::context;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

// The sanitizers would need minutes.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
constexpr std::int64_t events = 100'000;
#else
constexpr std::int64_t events = 1'000'000;
#endif
constexpr std::int64_t drops = 100;

/// Serves the manager's one topic, and can drop the connection.
class dropping_server {
public:
    dropping_server(asio::io_context& io, crier::manager& from)
        : acceptor_{io, {asio::ip::address_v4::loopback(), 0}}, from_{from} {
        asio::co_spawn(io, accept(), asio::detached);
    }

    std::string url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/all";
    }

    void drop(bool by_reset) {
        if (by_reset) {
            client_->set_option(asio::socket_base::linger(true, 0));
        }
        client_->close();
    }

    void close() { acceptor_.close(); }

private:
    asio::awaitable<void> accept() {
        boost::system::error_code error;
        while (!error) {
            tcp::socket socket =
                co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
            if (!error) {
                asio::co_spawn(acceptor_.get_executor(), handle(std::move(socket)), asio::detached);
            }
        }
    }

    asio::awaitable<void> handle(tcp::socket socket) {
        boost::beast::flat_buffer buffer;
        http::request<http::empty_body> request;
        co_await http::async_read(socket, buffer, request, asio::use_awaitable);
        client_ = &socket;
        co_await crier::serve(socket, request, from_);
    }

    tcp::acceptor acceptor_;
    crier::manager& from_;
    tcp::socket* client_ = nullptr;
};

asio::awaitable<void> receive_all(crier::event_source& from, std::vector<std::int64_t>& into) {
    boost::system::error_code error;
    while (!error) {
        try {
            const crier::event next = co_await from.receive();
            into.push_back(std::stoll(next.data));
        } catch (const boost::system::system_error& failure) {
            error = failure.code();
        }
    }
}

} // namespace

TEST_CASE("over 100 drops each event arrives once and in order, those published meanwhile too") {
    context test;
    crier::promise_single_thread(test.io);
    crier::manager_options options;
    options.rules.push_back({.matches = crier::exactly("/all"),
        .history = {.events = static_cast<std::size_t>(events), .bytes = 1'000, .age = {}}});
    options.queue = {static_cast<std::size_t>(2 * events / drops), 100'000'000};
    crier::manager manager{test.io.get_executor(), options};
    dropping_server server{test.io, manager};
    crier::event_source_options client_options;
    client_options.reconnection_time = std::chrono::milliseconds{0};
    client_options.random = [] { return 0.0; };
    crier::event_source source{test.io.get_executor(), server.url(), client_options};
    std::vector<std::int64_t> received;
    received.reserve(static_cast<std::size_t>(events));
    test.spawn(receive_all(source, received));

    const auto subscribers_are = [&](std::size_t count) {
        return test.run_until([&] { return manager.stats().subscribers == count; });
    };
    std::vector<std::int64_t> expected;
    std::int64_t next = 0;
    for (std::int64_t round = 0; round < drops; ++round) {
        REQUIRE(subscribers_are(1));
        const std::int64_t away = 1 + round % 7;
        const std::int64_t end = (round + 1) * events / drops;
        for (; next < end - away; ++next) {
            expected.push_back(next);
            manager.publish("/all", next);
        }
        REQUIRE(test.run_until([&] { return received.size() >= expected.size(); }));
        server.drop(round % 2 == 0);
        while (manager.stats().subscribers != 0) {
            test.io.restart();
            test.io.poll_one();
        }
        for (; next < end; ++next) {
            expected.push_back(next);
            manager.publish("/all", next);
        }
    }
    CHECK(next == events);
    REQUIRE(test.run_until([&] { return received.size() >= expected.size(); }));
    CHECK(received == expected);
    CHECK(manager.stats().dropped == 0);
    source.close();
    server.close();
    manager.shutdown();
    test.run_until([&] { return streams_of(manager).open == 0; });
}
