#pragma once

#include <crier/async/clock.hpp>

#include <algorithm>
#include <chrono>

namespace crier::detail {

/// Bounds what a client has a connection do for nothing: frames that ask for work and bring
/// nothing, such as PING, and streams that are reset. Each takes one of a stock that refills with
/// the time, and with what is sent.
class flood_guard {
public:
    explicit flood_guard(clock::time_point now) noexcept : since_{now} {}

    /// False: it was too much.
    bool take(clock::time_point now, std::size_t count = 1) noexcept {
        constexpr double a_second = 100;
        const std::chrono::duration<double> passed = now - since_;
        since_ = now;
        left_ = std::min(most, left_ + a_second * passed.count()) - static_cast<double>(count);
        return left_ >= 0;
    }

    /// For a frame with data, which its reader acknowledges. What opens its window by a few bytes
    /// at a time earns nothing.
    void sent(std::size_t bytes) noexcept {
        constexpr std::size_t worthwhile = 16;
        if (bytes >= worthwhile) {
            left_ = std::min(most, left_ + 2);
        }
    }

private:
    static constexpr double most = 1'000;

    clock::time_point since_;
    double left_ = most;
};

} // namespace crier::detail
