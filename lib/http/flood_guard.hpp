#pragma once

#include <crier/async/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace crier::detail {

/// Bounds what a client has a connection do for nothing: frames that ask for work and bring
/// nothing, such as PING, and streams that are reset. Each takes one of a stock that refills with
/// the time, after those that were earned by what was sent.
class flood_guard {
public:
    explicit flood_guard(clock::time_point now) noexcept : since_{now} {}

    /// False: it was too much.
    bool take(clock::time_point now, std::size_t count = 1) noexcept {
        constexpr double a_second = 100;
        const std::chrono::duration<double> passed = now - since_;
        since_ = now;
        const std::size_t by_earned = std::min(count, earned_);
        earned_ -= by_earned;
        left_ = std::min(most, left_ + a_second * passed.count()) -
                static_cast<double>(count - by_earned);
        return left_ >= 0;
    }

    /// For a frame with data, which its reader acknowledges, perhaps much later: for its stream and
    /// for the connection. What opens its window by a few bytes at a time earns nothing.
    void sent(std::size_t bytes) noexcept {
        constexpr std::size_t worthwhile = 16;
        if (bytes >= worthwhile && earned_ < most_earned) {
            earned_ += 2;
        }
    }

private:
    static constexpr double most = 1'000;
    static constexpr std::size_t most_earned = 1'000'000;

    clock::time_point since_;
    double left_ = most;
    std::size_t earned_ = 0;
};

} // namespace crier::detail
