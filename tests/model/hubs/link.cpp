#include "link.hpp"

#include "as_value.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <utility>

namespace crier::model {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

/// As both ends do. Else each small question waits 40 ms for the acknowledgement of the one before.
void send_at_once(tcp::socket& on) {
    boost::system::error_code ignored; // it has ended
    on.set_option(tcp::no_delay{true}, ignored);
}

} // namespace

struct link::pair {
    tcp::socket hub;
    tcp::socket engine;

    void close() {
        boost::system::error_code ignored;
        hub.close(ignored);
        engine.close(ignored);
    }
};

link::link(std::uint16_t to) : to_{asio::ip::address_v4::loopback(), to} {
    asio::co_spawn(io_, listen(), asio::detached);
    running_ = std::thread{[this] { io_.run(); }};
}

link::~link() {
    io_.stop();
    running_.join();
}

void link::cut() {
    asio::post(io_, [this] {
        for (const auto& each : pairs_) {
            each->close();
        }
    });
}

asio::awaitable<void> link::listen() {
    while (true) {
        auto [error, accepted] = co_await listening_.async_accept(as_value);
        if (!error) {
            send_at_once(accepted);
            auto both = std::make_shared<pair>(pair{std::move(accepted), tcp::socket{io_}});
            asio::co_spawn(io_, join(std::move(both)), asio::detached);
        }
    }
}

asio::awaitable<void> link::join(std::shared_ptr<pair> both) {
    pairs_.insert(both);
    co_await wait_while_held();
    const auto [error] = co_await both->engine.async_connect(to_, as_value);
    if (error) {
        both->close();
    } else {
        send_at_once(both->engine);
        asio::co_spawn(io_, forward(both, true), asio::detached);
        co_await forward(both, false);
    }
    pairs_.erase(both);
}

asio::awaitable<void> link::forward(std::shared_ptr<pair> both, bool is_answer) {
    tcp::socket& from = is_answer ? both->engine : both->hub;
    tcp::socket& to = is_answer ? both->hub : both->engine;
    std::array<char, 16'384> part{};
    while (true) {
        const auto [error, size] = co_await from.async_read_some(asio::buffer(part), as_value);
        if (error) {
            break;
        }
        co_await wait_while_held();
        const auto [failure, written] =
            co_await asio::async_write(to, asio::buffer(part, size), as_value);
        if (failure) {
            break;
        }
    }
    co_await wait_while_held();
    both->close();
}

asio::awaitable<void> link::wait_while_held() {
    asio::steady_timer pause{io_};
    while (is_held_) {
        pause.expires_after(5ms);
        co_await pause.async_wait(as_value);
    }
}

} // namespace crier::model
