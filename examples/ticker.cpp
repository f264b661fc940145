// Shows a broker: one source, sent to any number of clients.
// Try it with: curl -N http://127.0.0.1:8080/events

#include <crier/crier.hpp>
#include <crier/http/server.hpp>

#include "common/options.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <iostream>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto ping_interval = 20s;

asio::awaitable<void> publish_ticks(crier::broker& ticks, asio::steady_timer& timer) {
    crier::event tick;
    tick.type = "message";
    for (int n = 1;; ++n) {
        timer.expires_after(2s);
        co_await timer.async_wait(asio::use_awaitable);
        tick.data = "tick " + std::to_string(n);
        ticks.publish(tick);
    }
}

asio::awaitable<void> stream_ticks(crier::exchange& request, crier::broker& ticks) {
    crier::subscription subscription = ticks.subscribe(16, request.get_executor());
    crier::writer_options options;
    options.heartbeat_interval = ping_interval;
    options.heartbeat_text = "ping";
    crier::stream_writer out = request.writer(options);
    co_await out.write_headers();

    auto next_ping = std::chrono::steady_clock::now() + ping_interval;
    bool open = true;
    while (open) {
        open = co_await out.wait(subscription.get_signal());
        while (const auto tick = subscription.try_receive()) {
            co_await out.write(*tick);
        }
        // The writer sends heartbeats only while the stream is silent, and ticks keep it busy.
        if (open && std::chrono::steady_clock::now() >= next_ping) {
            co_await out.write_heartbeat();
            next_ping += ping_interval;
        }
    }
    co_await out.finish();
}

asio::awaitable<void> handle(crier::exchange& request, crier::broker& ticks) {
    if (request.path() == "/events") {
        co_await stream_ticks(request, ticks);
    }
}

void run(const crier::server_options& options) {
    crier::server server{options};
    crier::broker ticks{server.get_executor()};
    asio::steady_timer timer{server.get_executor()};
    asio::co_spawn(server.get_executor(), publish_ticks(ticks, timer), asio::detached);

    server.on_shutdown([&] {
        ticks.close();
        timer.cancel();
    });
    example::obey_signals(server, options);
    std::cout << example::url_of(server, options) << "/events\n" << std::flush;
    server.run([&ticks](crier::exchange& request) { return handle(request, ticks); });
}

} // namespace

int main(int argc, char** argv) {
    return example::run_server(argc, argv, "Sends a tick to every client every two seconds.", run);
}
