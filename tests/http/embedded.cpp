#include <crier/crier.hpp>

#include "support/event_reader.hpp"
#include "support/loopback.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using crier::test::client;
using crier::test::unchunked;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

asio::awaitable<void> handle(tcp::socket socket, crier::manager& events, std::atomic<int>& ended) {
    boost::beast::flat_buffer buffer;
    http::request<http::empty_body> request;
    co_await http::async_read(socket, buffer, request, asio::use_awaitable);
    co_await crier::serve(socket, request, events);
    ++ended;
}

/// Whatever executor a connection's coroutine runs on, its session is safe.
asio::any_io_executor executor_of(tcp::acceptor& acceptor, bool strand) {
    if (strand) {
        return asio::make_strand(acceptor.get_executor());
    }
    return acceptor.get_executor();
}

asio::awaitable<void> accept(
    tcp::acceptor& acceptor, crier::manager& events, std::atomic<int>& ended) {
    for (bool strand = false;; strand = !strand) {
        tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        asio::co_spawn(executor_of(acceptor, strand), handle(std::move(socket), events, ended),
            asio::detached);
    }
}

} // namespace

TEST_CASE("a program's own io_context on 4 threads serves streams while 64 threads publish and "
          "clients leave") {
    constexpr int clients = 24;
    asio::io_context io;
    crier::manager_options options;
    options.log = [](crier::severity, std::string_view) {};
    options.queue = {100'000, 100'000'000};
    crier::manager events{io.get_executor(), options};
    std::atomic<int> ended{0};
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    asio::co_spawn(io, accept(acceptor, events, ended), asio::detached);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&io] { io.run(); });
    }

    std::vector<client> peers;
    for (int i = 0; i < clients; ++i) {
        peers.emplace_back(acceptor.local_endpoint().port()).get("/t");
        CHECK(peers.back().read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    }
    std::vector<std::thread> publishers;
    for (int number = 0; number < 64; ++number) {
        publishers.emplace_back([&, number] {
            for (int round = 0; round < 20; ++round) {
                events.publish("/t", number * 1'000 + round);
                if (number < clients / 2 && round == 10) {
                    number % 2 == 0 ? peers[static_cast<std::size_t>(number)].reset()
                                    : peers[static_cast<std::size_t>(number)].socket.close();
                }
            }
        });
    }
    for (std::thread& publisher : publishers) {
        publisher.join();
    }
    events.shutdown();

    std::string first;
    for (std::size_t i = clients / 2; i < clients; ++i) {
        std::string stream = peers[i].read_until("\r\n0\r\n\r\n");
        REQUIRE(stream.ends_with("\r\n0\r\n\r\n"));
        stream.resize(stream.size() - 5);
        const std::string body = unchunked(stream);
        first = first.empty() ? body : first;
        CHECK(body == first);
        CHECK(crier::test::event_reader{body}.events.size() == 64 * 20);
        peers[i].socket.close();
    }
    asio::post(io, [&acceptor] { acceptor.close(); });
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(ended == clients);
    CHECK(streams_of(events).open == 0);
    CHECK(events.stats().subscribers == 0);
}
