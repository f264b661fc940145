// Shows a gateway of 50 sensors on the program's own io_context, each polled while somebody
// watches. Try it with: curl -N
// 'http://127.0.0.1:8080/events?topic=sensor/1&topic=sensor/7&topic=alarms'

#include <crier/crier.hpp>
#include <crier/http/server.hpp>
#include <crier/http/stream_handler.hpp>

#include "common/options.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Stands for a device: its temperature wanders, and one of them hangs at every third reading.
class sensor {
public:
    sensor(asio::io_context& on, unsigned number) : number_{number}, random_{number}, bus_{on} {}

    asio::awaitable<int> read() {
        constexpr unsigned faulty = 7;
        const bool hangs = number_ == faulty && ++readings_ % 3 == 0;
        bus_.expires_after(hangs ? 1h : 5ms);
        co_await bus_.async_wait(asio::use_awaitable);
        celsius_ = std::clamp(celsius_ + static_cast<int>(random_() % 5) - 2, 0, 40);
        co_return celsius_;
    }

    bool is_hot() const noexcept { return celsius_ > 25; }

private:
    unsigned number_;
    unsigned readings_ = 0;
    int celsius_ = 20;
    std::minstd_rand random_;
    asio::steady_timer bus_;
};

class gateway {
public:
    gateway(asio::io_context& on, std::chrono::milliseconds interval)
        : manager_{on.get_executor(), options(interval)} {
        for (unsigned number = 1; number <= 50; ++number) {
            sensors_.try_emplace("sensor/" + std::to_string(number), on, number);
        }
    }

    crier::server::handler handler() {
        crier::stream_handler_options options;
        options.find = [this](std::string_view topic) {
            const bool is_there = topic == "alarms" || sensors_.contains(topic);
            return is_there ? std::optional{crier::topic_options{}} : std::nullopt;
        };
        options.stream.retry = 1s;          // the polling lingers for longer
        options.stream.send_buffer = 4'096; // what waits there is not replaced by newer values
        return crier::stream_handler(manager_, std::move(options));
    }

    asio::awaitable<void> shutdown_on_signal(crier::server& server) {
        asio::signal_set signals{manager_.get_executor(), SIGINT, SIGTERM};
        co_await signals.async_wait(asio::use_awaitable);
        co_await manager_.async_shutdown(500ms); // after it no sensor is read
        server.shutdown();
    }

private:
    crier::manager_options options(std::chrono::milliseconds interval) {
        crier::topic_rule sensors{.matches = crier::starting_with("sensor/"),
            .history = {.events = 300, .bytes = 32'768},
            .retain = crier::retention::newest,
            .queue = crier::queue_limits{.overflow = crier::overflow_policy::conflate}};
        sensors.source = [this, interval](std::string_view topic) {
            return crier::polling([this, name = std::string{topic}] { return fetch(name); },
                {.interval = interval, .timeout = 500ms, .linger = 3s});
        };
        crier::topic_rule alarms{.matches = crier::exactly("alarms"),
            .history = {.events = 1'000, .age = 24h},
            .retain = crier::retention::newest_per_key}; // a newcomer learns which are hot
        alarms.queue = {.overflow = crier::overflow_policy::disconnect}; // the client resumes
        crier::manager_options options;
        options.rules = {sensors, alarms};
        options.type_of = [](std::string_view topic) { return std::string{topic}; };
        options.heartbeat_interval = 5s;
        options.memory_limit = 4'194'304; // room for all histories, 3 MB: the alarms keep theirs
        options.log = [](crier::severity /*level*/, std::string_view line) {
            std::clog << std::string{line} + '\n';
        };
        return options;
    }

    asio::awaitable<boost::json::value> fetch(std::string topic) {
        sensor& from = sensors_.at(topic);
        const bool was_hot = from.is_hot();
        const int celsius = co_await from.read();
        if (from.is_hot() != was_hot) {
            manager_.publish("alarms", topic + (from.is_hot() ? " hot" : " cool"), {.key = topic});
        }
        co_return celsius;
    }

    std::map<std::string, sensor, std::less<>> sensors_; ///< by topic
    crier::manager manager_;
};

int run(const crier::server_options& options, std::chrono::milliseconds interval) {
    asio::io_context context{1}; // for all: sensors, streams, signals
    crier::server server{context, options};
    gateway served{context, interval};
    server.start(served.handler());
    asio::co_spawn(context, served.shutdown_on_signal(server), asio::detached);
    if (options.tls) {
        server.reload_tls_on_hangup();
    }
    std::cout << example::url_of(server, options) << "/events?topic=sensor/1\n" << std::flush;
    context.run();
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Publishes the temperatures of 50 sensors, and alarms."};
    crier::server_options options;
    unsigned interval = 1'000;
    example::add_listening_options(app, options);
    app.add_option("--unix-socket", options.unix_socket, "path of a Unix socket to listen on, too");
    app.add_option("--interval", interval, "milliseconds from one reading of a sensor to the next")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    return example::run_with(
        app, argc, argv, [&] { return run(options, std::chrono::milliseconds{interval}); });
}
