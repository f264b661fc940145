#include "measure.hpp"

#include <crier/http/stream_counts.hpp>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <iomanip>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace game {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t rounds = 5;
constexpr auto settling = 300ms;

struct result {
    spread work;
    spread late;
    double received = 0; ///< events, by all viewers, each second
    double megabytes = 0;
};

/// The medians of all rounds, and the greatest maximum.
spread summary(const std::vector<result>& all, spread result::* which) {
    const auto sorted = [&](std::chrono::nanoseconds spread::* part) {
        std::vector<std::chrono::nanoseconds> values;
        values.reserve(all.size());
        for (const result& each : all) {
            values.push_back((each.*which).*part);
        }
        std::ranges::sort(values);
        return values;
    };
    return {sorted(&spread::p50)[all.size() / 2], sorted(&spread::p99)[all.size() / 2],
        sorted(&spread::max).back()};
}

double median(const std::vector<result>& all, double result::* which) {
    std::vector<double> values;
    values.reserve(all.size());
    for (const result& each : all) {
        values.push_back(each.*which);
    }
    std::ranges::sort(values);
    return values[values.size() / 2];
}

class comparison {
public:
    comparison(std::chrono::nanoseconds slot, const viewers& crowd,
        boost::asio::ip::tcp::endpoint server, const crier::manager& events, const loop& of,
        std::stop_token stopped)
        : slot_{slot},
          crowd_{crowd},
          server_{std::move(server)},
          events_{events},
          loop_{of},
          stopped_{std::move(stopped)} {}

    result with(std::size_t many) {
        if (crowd_.set(many, server_).connected != many) {
            throw std::runtime_error{"cannot connect " + std::to_string(many) + " viewers"};
        }
        const auto patience = steady_clock::now() + 10s;
        while (crier::streams_of(events_).open != many && pause(10ms)) {
            if (steady_clock::now() > patience) {
                throw std::runtime_error{"not all viewers are served"};
            }
        }
        pause(settling);
        const auto begin = steady_clock::now();
        const viewers::counts before = crowd_.set(many, server_);
        pause(slot_);
        const viewers::counts after = crowd_.set(many, server_);
        const double seconds = std::chrono::duration<double>{steady_clock::now() - begin}.count();
        if (after.connected != many && !stopped_.stop_requested()) {
            throw std::runtime_error{"viewers were cut off"};
        }
        const auto turns =
            loop_.last(std::max<std::size_t>(1, static_cast<std::size_t>(slot_ / world::tick{1})));
        return {spread_of(turns, &turn::work), spread_of(turns, &turn::late),
            static_cast<double>(after.events - before.events) / seconds,
            static_cast<double>(after.bytes - before.bytes) / seconds / 1e6};
    }

    /// Waits. Returns false if it was stopped.
    bool pause(std::chrono::nanoseconds length) {
        std::unique_lock lock{mutex_};
        wake_.wait_for(lock, stopped_, length, [] { return false; });
        return !stopped_.stop_requested();
    }

private:
    const std::chrono::nanoseconds slot_;
    const viewers& crowd_;
    const boost::asio::ip::tcp::endpoint server_;
    const crier::manager& events_;
    const loop& loop_;
    const std::stop_token stopped_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
};

/// Until it is stopped. Throws `std::runtime_error` if the viewers cannot be connected.
void measure(std::chrono::seconds whole, std::size_t many, const viewers& crowd,
    const boost::asio::ip::tcp::endpoint& server, const crier::manager& events, const loop& of,
    const std::stop_token& stopped) {
    const std::array<std::size_t, 3> crowds{0, 1, many};
    // In nanoseconds, as whole seconds would lose the rest of the division.
    const auto slot = std::chrono::nanoseconds{whole} / (rounds * crowds.size()) - settling;
    comparison run{slot, crowd, server, events, of, stopped};
    std::array<std::vector<result>, crowds.size()> results;
    for (std::size_t round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < crowds.size(); ++i) {
            results[i].push_back(run.with(crowds[i]));
            if (stopped.stop_requested()) {
                return;
            }
        }
    }

    const auto row = [&](const char* name, const char* unit, const auto& value) {
        std::cout << std::left << std::setw(18) << name << std::setw(6) << unit << std::right;
        for (std::size_t i = 0; i < crowds.size(); ++i) {
            std::cout << std::setw(12) << value(i);
        }
        std::cout << '\n';
    };
    const auto times = [&](const std::string& name, spread result::* which) {
        const auto part = [&](const char* of_name, std::chrono::nanoseconds spread::* member) {
            row((name + of_name).c_str(), "us", [&](std::size_t i) {
                return static_cast<double>((summary(results[i], which).*member).count()) / 1e3;
            });
        };
        part(" p50", &spread::p50);
        part(" p99", &spread::p99);
        part(" max", &spread::max);
    };
    std::cout << std::fixed << std::setprecision(1);
    row("viewers", "", [&](std::size_t i) { return crowds[i]; });
    times("work", &result::work);
    times("late", &result::late);
    row("received", "/s", [&](std::size_t i) { return median(results[i], &result::received); });
    row("received", "MB/s", [&](std::size_t i) { return median(results[i], &result::megabytes); });
    std::cout << rounds << " rounds: p50, p99 and received are medians, max is the greatest; "
              << events.stats().dropped << " events were dropped\n"
              << std::flush;
}

} // namespace

measurement::measurement(std::chrono::seconds whole, std::size_t many, const viewers& crowd,
    crier::server& server, const crier::manager& events, const loop& of)
    : thread_{[this, whole, many, &crowd, &server, &events, &of](const std::stop_token& stopped) {
          try {
              measure(whole, many, crowd, server.local_endpoint(), events, of, stopped);
          } catch (const std::exception& error) {
              if (!events.is_shut_down()) {
                  std::cerr << "game_loop: " << error.what() << '\n';
                  status_ = 1;
              }
          }
          server.shutdown();
      }} {}

int measurement::finish() {
    thread_.request_stop();
    thread_.join();
    return status_;
}

} // namespace game
