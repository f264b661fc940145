#include "library_clients.hpp"

#include <crier/client/event_source.hpp>

#include "as_value.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace crier::model {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

event_source_options reading(town& in, reader& to) {
    event_source_options options;
    options.reconnection_time = 20ms;
    options.max_backoff = 200ms;
    options.idle_timeout = 10s;
    options.header_timeout = 10s;
    options.queue_events = 32;
    options.on_connect = [&in, &to, random = dice{in.with.seed + 1}](
                             stream_request& made) mutable -> asio::awaitable<void> {
        const std::uint16_t port = in.next_port(to.home(), random);
        if (port == 0) {
            throw std::runtime_error{"no hub is there"};
        }
        made.url = "http://127.0.0.1:" + std::to_string(port) + to.target();
        to.note_connection("");
        co_return;
    };
    return options;
}

asio::awaitable<void> read(town& in, reader& to) {
    const auto executor = co_await asio::this_coro::executor;
    event_source source{executor, "http://127.0.0.1" + to.target(), reading(in, to)};
    asio::steady_timer pause{executor};
    dice random{in.with.seed + 2};
    while (!to.is_at_end()) {
        const auto [error, next] = co_await source.async_receive(as_value);
        if (error) {
            to.complain("a client of the library has ended: " + error.message());
            co_return;
        }
        to.take(next);
        if (!in.is_over && random(500) == 0) {
            pause.expires_after(std::chrono::milliseconds{random(300)});
            co_await pause.async_wait(as_value);
        }
    }
}

asio::awaitable<void> end_when_given_up(town& in, asio::io_context& io, std::size_t& left) {
    asio::steady_timer pause{co_await asio::this_coro::executor};
    while (left > 0) {
        if (in.is_given_up) {
            io.stop();
        }
        pause.expires_after(100ms);
        co_await pause.async_wait(as_value);
    }
}

} // namespace

void library_clients::run() {
    asio::io_context io{1};
    std::size_t left = readers_.size();
    for (reader& each : readers_) {
        asio::co_spawn(io, read(town_, each), [&left](std::exception_ptr error) {
            --left;
            if (error) {
                std::rethrow_exception(error);
            }
        });
    }
    asio::co_spawn(io, end_when_given_up(town_, io, left), asio::detached);
    io.run();
}

} // namespace crier::model
