// A server as any program would write it, with the options and events of the benchmark.

#include <crier/crier.hpp>
#include <crier/http/server.hpp>
#include <crier/http/stream_handler.hpp>

#include "common/options.hpp"
#include "common/pace.hpp"
#include "common/payload.hpp"
#include "common/percentiles.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <condition_variable>
#include <iostream>
#include <limits>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;

/// Publishes, from a thread of its own or from the server's, and measures how long each call takes.
class source {
public:
    source(crier::manager& events, const bench::options& options)
        : events_{events}, options_{options}, text_{options.size} {
        for (unsigned i = 0; i < options.topics; ++i) {
            topics_.push_back("/t/" + std::to_string(i));
        }
    }

    void run(const std::stop_token& stopped) {
        std::mutex mutex;
        std::condition_variable_any wake;
        std::unique_lock lock{mutex};
        bench::pace pace{options_.rate, options_.burst, bench::pace::clock::now()};
        const auto never = [] { return false; };
        while (!stopped.stop_requested()) {
            wake.wait_until(lock, stopped, pace.due(), never);
            publish_burst(pace, stopped);
        }
    }

    /// The same as a coroutine, until it is cancelled.
    asio::awaitable<void> run() {
        const std::stop_token never_stopped;
        asio::steady_timer timer{co_await asio::this_coro::executor};
        bench::pace pace{options_.rate, options_.burst, bench::pace::clock::now()};
        for (;;) {
            timer.expires_at(pace.due());
            co_await timer.async_wait(asio::use_awaitable);
            publish_burst(pace, never_stopped);
        }
    }

    void print() {
        std::cout << R"({"published": )" << published_ << R"(, "publish_ns": {"p50": )"
                  << took_.at(0.5) << R"(, "p99": )" << took_.at(0.99) << "}}\n";
    }

private:
    void publish_burst(bench::pace& pace, const std::stop_token& stopped) {
        for (unsigned i = 0; i < options_.burst && !stopped.stop_requested(); ++i) {
            publish();
        }
        pace.next(bench::pace::clock::now());
    }

    void publish() {
        const std::string& topic = topics_[published_ % topics_.size()];
        const std::uint64_t begin = bench::monotonic_now();
        const std::string_view text = text_.text(published_ / topics_.size(), begin);
        const std::uint64_t called = bench::monotonic_now();
        events_.publish(topic, text);
        took_.add(static_cast<std::uint32_t>(bench::monotonic_now() - called));
        ++published_;
    }

    crier::manager& events_;
    const bench::options& options_;
    bench::payload text_;
    bench::percentiles took_;
    std::vector<std::string> topics_;
    std::uint64_t published_ = 0;
};

void run(const bench::options& options, bool in_its_loop) {
    crier::server_options listening;
    listening.port = options.port;
    listening.threads = options.threads;
    listening.max_connections = std::numeric_limits<std::size_t>::max();
    crier::server server{listening};
    crier::manager_options as;
    as.heartbeat_interval = options.heartbeat_interval();
    crier::manager events{server.get_executor(), as};
    std::cout << "listening on " << server.local_endpoint().port() << '\n' << std::flush;

    source published{events, options};
    std::jthread publisher;
    asio::cancellation_signal ended;
    if (in_its_loop && options.rate > 0) {
        asio::co_spawn(server.get_executor(), published.run(),
            asio::bind_cancellation_slot(ended.slot(), asio::detached));
    } else if (options.rate > 0) {
        publisher = std::jthread{[&](const std::stop_token& stopped) { published.run(stopped); }};
    }
    server.on_shutdown([&] {
        ended.emit(asio::cancellation_type::terminal);
        events.shutdown();
    });
    server.shutdown_on_signals();
    server.run(crier::stream_handler(events));
    publisher = {};
    published.print();
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Serves event streams with crier.", "contender"};
    bench::options options;
    bool in_its_loop = false;
    options.add_to(app);
    app.add_flag("--in-its-loop", in_its_loop, "publish from the server's thread");
    return bench::run_with(app, argc, argv, [&] { run(options, in_its_loop); });
}
