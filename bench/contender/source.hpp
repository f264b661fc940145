#pragma once

#include <crier/pubsub/manager.hpp>
#include <crier/wire/errc.hpp>

#include "common/options.hpp"
#include "common/pace.hpp"
#include "common/payload.hpp"
#include "common/percentiles.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <condition_variable>
#include <cstdint>
#include <iostream>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

/// Publishes, from a thread of its own or from the server's, and measures how long each call takes.
class source {
public:
    source(crier::manager& events, const options& options, std::vector<std::string> topics)
        : events_{events}, options_{options}, text_{options.size}, topics_{std::move(topics)} {}

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
    boost::asio::awaitable<void> run() {
        const std::stop_token never_stopped;
        boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
        bench::pace pace{options_.rate, options_.burst, bench::pace::clock::now()};
        for (;;) {
            timer.expires_at(pace.due());
            co_await timer.async_wait(boost::asio::use_awaitable);
            publish_burst(pace, never_stopped);
        }
    }

    void print() {
        std::cout << R"({"published": )" << published_ << R"(, "refused": )" << refused_
                  << R"(, "publish_ns": {"p50": )" << took_.at(0.5) << R"(, "p99": )"
                  << took_.at(0.99) << "}}\n";
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
        const std::uint64_t begin = monotonic_now();
        const std::string_view text = text_.text(published_ / topics_.size(), begin);
        const std::uint64_t called = monotonic_now();
        const auto id = events_.publish(topic, text);
        took_.add(static_cast<std::uint32_t>(monotonic_now() - called));
        ++published_;
        // At its end, what is published and what is shut down cross each other.
        refused_ += id || id.error() == crier::errc::shut_down ? 0 : 1;
    }

    crier::manager& events_;
    const options& options_;
    payload text_;
    percentiles took_;
    std::vector<std::string> topics_;
    std::uint64_t published_ = 0;
    std::uint64_t refused_ = 0;
};

} // namespace bench
