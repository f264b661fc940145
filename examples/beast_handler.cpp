// Shows streams in an existing Beast server with its own context and threads.
// Try it with: curl -N http://127.0.0.1:8080/events

#include <crier/crier.hpp>

#include "common/options.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

using request_type = http::request<http::string_body>;
using response_type = http::response<http::string_body>;

response_type answer(const request_type& request) {
    response_type response{http::status::not_found, request.version()};
    if (request.method() == http::verb::get && request.target() == "/") {
        response.result(http::status::ok);
        response.set(http::field::content_type, "text/plain; charset=utf-8");
        response.body() = "the events are at /events\n";
    }
    response.keep_alive(request.keep_alive());
    response.prepare_payload();
    return response;
}

asio::awaitable<void> session(beast::tcp_stream stream, crier::manager& manager) {
    beast::flat_buffer buffer;
    bool keep_alive = true;
    while (keep_alive) {
        request_type request;
        stream.expires_after(30s);
        co_await http::async_read(stream, buffer, request, asio::use_awaitable);
        if (request.target() == "/events") {
            crier::serve_options options;
            options.topic = "numbers";
            co_await crier::serve(stream, request, manager, std::move(options));
            break;
        }
        const response_type response = answer(request);
        co_await http::async_write(stream, response, asio::use_awaitable);
        keep_alive = response.keep_alive();
    }
    error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> listen(
    asio::io_context& io, tcp::acceptor& acceptor, crier::manager& manager) {
    asio::steady_timer pause{acceptor.get_executor()};
    while (acceptor.is_open()) {
        const auto strand = asio::make_strand(io);
        error_code error;
        tcp::socket socket = co_await acceptor.async_accept(
            strand, asio::redirect_error(asio::use_awaitable, error));
        if (!error) {
            beast::tcp_stream stream{std::move(socket)};
            asio::co_spawn(strand, session(std::move(stream), manager), asio::detached);
        } else if (acceptor.is_open()) {
            // Out of file descriptors, for example: retrying at once would spin.
            pause.expires_after(100ms);
            co_await pause.async_wait(asio::use_awaitable);
        }
    }
}

void publish_numbers(crier::manager& manager) {
    for (int n = 1; manager.publish("numbers", n); ++n) {
        std::this_thread::sleep_for(200ms);
    }
}

tcp::acceptor listening(asio::io_context& io, const crier::server_options& options) try {
    tcp::resolver resolver{io};
    const auto found = resolver.resolve(options.addresses.front(), std::to_string(options.port));
    return {asio::make_strand(io), found.begin()->endpoint()};
} catch (const boost::system::system_error& error) {
    // Without the location in Asio's sources that the caught error's text has.
    throw std::runtime_error{"cannot listen: " + error.code().message()};
}

void run(const crier::server_options& options) {
    asio::io_context io{static_cast<int>(options.threads)};
    crier::manager manager{io.get_executor()};
    tcp::acceptor acceptor = listening(io, options);
    asio::co_spawn(acceptor.get_executor(), listen(io, acceptor, manager), asio::detached);

    asio::signal_set signals{acceptor.get_executor(), SIGINT, SIGTERM};
    asio::steady_timer deadline{acceptor.get_executor()};
    signals.async_wait([&](error_code, int) {
        acceptor.close();
        manager.shutdown();
        // Gives the streams time to end. Idle connections are cut.
        deadline.expires_after(300ms);
        deadline.async_wait([&io](error_code) { io.stop(); });
    });
    std::cout << "http://" << acceptor.local_endpoint() << "/events\n" << std::flush;

    const std::jthread publisher{[&manager] { publish_numbers(manager); }};
    std::vector<std::jthread> helpers;
    while (helpers.size() + 1 < options.threads) {
        helpers.emplace_back([&io] { io.run(); });
    }
    io.run();
}

} // namespace

int main(int argc, char** argv) {
    crier::server_options defaults;
    defaults.threads = 4;
    return example::run_server(argc, argv, "Streams numbers from a Beast server.", run, defaults);
}
