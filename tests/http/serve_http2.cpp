// A program with a listener of its own speaks HTTP/2.

#include <crier/async/signal.hpp>
#include <crier/async/single_thread.hpp>
#include <crier/http/serve_http2.hpp>
#include <crier/pubsub/manager.hpp>

#include "support/http2_peer.hpp"
#include "support/running_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using crier::exchange;
using crier::test::eventually;
using crier::test::http2_peer;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

/// A stream of which nothing is known but that it reads and writes.
struct any_stream {
    using executor_type = tcp::socket::executor_type;
    using lowest_layer_type = tcp::socket::lowest_layer_type;

    explicit any_stream(tcp::socket socket) : socket_{std::move(socket)} {}

    executor_type get_executor() { return socket_.get_executor(); }
    lowest_layer_type& lowest_layer() { return socket_.lowest_layer(); }
    template <class Buffers, class Token>
    auto async_read_some(const Buffers& into, Token&& token) {
        return socket_.async_read_some(into, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& bytes, Token&& token) {
        return socket_.async_write_some(bytes, std::forward<Token>(token));
    }

private:
    tcp::socket socket_;
};

/// A program whose threads run one context, and that speaks HTTP/2 on each connection.
template <class Stream>
class program {
public:
    explicit program(unsigned threads, crier::server::handler handle = {})
        : handle_{std::move(handle)} {
        if (!handle_) {
            handle_ = [this](exchange& request) -> asio::awaitable<void> {
                co_await request.stream(events);
            };
        }
        if (threads == 1) {
            crier::promise_single_thread(io_);
        }
        asio::co_spawn(acceptor_.get_executor(), listen(), [](const std::exception_ptr&) {});
        for (unsigned i = 0; i < threads; ++i) {
            threads_.emplace_back([this] { io_.run(); });
        }
    }
    program(const program&) = delete;
    program& operator=(const program&) = delete;
    ~program() {
        asio::post(acceptor_.get_executor(), [this] { acceptor_.close(); });
        events.shutdown();
        ending.request_stop();
        cut();
        CHECK(eventually([&] { return open == 0; }));
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /// Cancels what serves the connection that came last.
    void cut() {
        asio::post(acceptor_.get_executor(), [this] {
            if (cancellation_) {
                cancellation_->emit(asio::cancellation_type::terminal);
            }
        });
    }

private:
    asio::io_context io_;
    tcp::acceptor acceptor_{asio::make_strand(io_), {asio::ip::address_v4::loopback(), 0}};

public:
    crier::manager events{io_.get_executor()};
    std::stop_source ending;
    std::atomic<int> open{0};
    std::atomic<int> failed{0};

private:
    asio::awaitable<void> listen() {
        while (true) {
            tcp::socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
            ++open;
            cancellation_ = std::make_shared<asio::cancellation_signal>();
            asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)),
                asio::bind_cancellation_slot(cancellation_->slot(),
                    [this, kept = cancellation_](const std::exception_ptr& failure) {
                        failed += failure ? 1 : 0;
                        --open;
                    }));
        }
    }

    asio::awaitable<void> serve(tcp::socket socket) {
        Stream stream{std::move(socket)};
        crier::server_options options;
        co_await crier::serve_http2(stream, handle_, std::move(options), ending.get_token());
    }

    crier::server::handler handle_;
    std::shared_ptr<asio::cancellation_signal> cancellation_;
    std::vector<std::jthread> threads_;
};

/// The lines of a body that carry data.
std::string datas_of(const std::string& body) {
    std::istringstream lines{body};
    std::string datas;
    for (std::string line; std::getline(lines, line);) {
        datas += line.starts_with("data: ") ? line + "\n" : "";
    }
    return datas;
}

template <class Stream>
void check_streams_and_responses(unsigned threads) {
    program<Stream> served{threads};
    http2_peer peer{served.port()};
    peer.begin();
    constexpr std::uint32_t streams = 10;
    for (std::uint32_t i = 0; i < streams; ++i) {
        peer.request(2 * i + 1, http2_peer::get("/prices"));
    }
    REQUIRE(eventually([&] { return served.events.stats().subscribers == streams; }));
    std::string expected;
    for (int i = 0; i < 50; ++i) {
        const std::string text = std::to_string(i) + " is a number";
        expected += "data: " + text + "\n";
        served.events.publish("/prices", text);
    }
    const std::string last = "data: 49 is a number\n";
    std::map<std::uint32_t, std::string> came;
    const auto is_whole = [&last](const auto& each) {
        return each.second.find(last) != each.second.npos;
    };
    while (came.size() < streams || !std::ranges::all_of(came, is_whole)) {
        const auto frame = peer.next(NGHTTP2_DATA);
        REQUIRE(frame);
        came[frame->id] += frame->payload;
        const auto size = static_cast<std::uint32_t>(frame->payload.size());
        peer.open_window(frame->id, size);
        peer.open_window(0, size);
    }
    for (const auto& [id, body] : came) {
        CHECK(datas_of(body) == expected);
    }
    peer.connection().reset();
    CHECK(eventually([&] { return served.events.stats().subscribers == 0 && served.open == 0; }));
    CHECK(served.failed == 0);
}

} // namespace

TEST_CASE("a socket of a context that one thread runs") {
    check_streams_and_responses<tcp::socket>(1);
}

TEST_CASE("a stream of Beast's on a context that two threads run") {
    check_streams_and_responses<boost::beast::tcp_stream>(2);
}

TEST_CASE("any stream") {
    check_streams_and_responses<any_stream>(1);
    check_streams_and_responses<any_stream>(2);
}

TEST_CASE("a handler responds, and leaves streams to it") {
    program<any_stream>* self = nullptr;
    program<any_stream> served{2, [&self](exchange& request) -> asio::awaitable<void> {
                                   if (request.path() == "/stream") {
                                       request.detach_stream(self->events, {});
                                   } else {
                                       std::string text = std::string{request.protocol()} +
                                                          (request.tls() ? " TLS" : "");
                                       co_await request.respond(http::status::ok, std::move(text));
                                   }
                               }};
    self = &served;
    http2_peer peer{served.port()};
    peer.begin();
    peer.request(1, http2_peer::get("/"));
    CHECK(peer.body() == "HTTP/2");
    peer.request(3, http2_peer::get("/stream"));
    REQUIRE(eventually([&] { return served.events.stats().subscribers == 1; }));
    served.events.publish("/stream", "left");
    CHECK(peer.body_until("left\n").find("data: left\n") != std::string::npos);
    peer.connection().reset();
    CHECK(eventually([&] { return served.open == 0; }));
    CHECK(served.events.stats().subscribers == 0);
}

TEST_CASE("a shutdown ends the connection in order, and a handler sees it") {
    program<tcp::socket> served{1, [](exchange& request) -> asio::awaitable<void> {
                                    crier::stream_writer writer = request.writer();
                                    co_await writer.write_headers();
                                    co_await writer.write("begun");
                                    crier::signal told{request.get_executor()};
                                    const std::stop_callback at_shutdown{
                                        request.shutdown_token(), [&told] { told.set(); }};
                                    co_await told.async_wait(asio::use_awaitable);
                                    co_await writer.write("the end");
                                    co_await writer.finish();
                                }};
    http2_peer peer{served.port()};
    peer.begin();
    peer.request(1, http2_peer::get("/"));
    peer.body_until("begun");
    served.ending.request_stop();
    CHECK(peer.body() == "data: the end\n\n");
    CHECK(peer.goaway() == NGHTTP2_NO_ERROR);
    CHECK(eventually([&] { return served.open == 0; }));
    CHECK(served.failed == 0);
}

TEST_CASE("a cancellation resets the streams and waits for handlers") {
    std::atomic<int> handlers{0};
    std::atomic<bool> was_cancelled{false};
    program<any_stream> served{2, [&](exchange& request) -> asio::awaitable<void> {
                                   const crier::test::counted here{handlers};
                                   boost::asio::steady_timer never{request.get_executor(), 10min};
                                   boost::system::error_code error;
                                   co_await never.async_wait(
                                       asio::redirect_error(asio::use_awaitable, error));
                                   was_cancelled = error == asio::error::operation_aborted;
                               }};
    http2_peer peer{served.port()};
    peer.begin();
    peer.request(1, http2_peer::get("/"));
    REQUIRE(eventually([&] { return handlers == 1; }));
    served.cut();
    CHECK(eventually([&] { return served.open == 0; }));
    CHECK(handlers == 0);
    CHECK(was_cancelled);
}

TEST_CASE("a client that does not speak HTTP/2 is told so by the end") {
    program<tcp::socket> served{1};
    crier::test::client peer{served.port()};
    peer.get("/");
    peer.read_to_end();
    CHECK(eventually([&] { return served.open == 0; }));
    CHECK(served.failed == 0);
}

TEST_CASE("options that make no sense are refused before anything is sent") {
    asio::io_context io;
    tcp::socket socket{io};
    crier::server_options options;
    options.http2->streams = 0;
    std::string failure;
    asio::co_spawn(
        io, crier::serve_http2(socket, {}, options), [&failure](const std::exception_ptr& thrown) {
            try {
                std::rethrow_exception(thrown);
            } catch (const std::invalid_argument& error) {
                failure = error.what();
            }
        });
    io.run();
    CHECK(failure == "http2: streams is 0; a connection needs one or more");
}
