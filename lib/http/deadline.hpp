#pragma once

#include <crier/async/clock.hpp>

#include "async/durations.hpp"

#include <chrono>
#include <cstdint>
#include <ratio>

namespace crier::detail {

/// When a stream that was silent owes a heartbeat, and when a peer that takes nothing is given up.
class deadline {
public:
    enum class due { nothing, heartbeat, stalled };

    deadline(std::chrono::milliseconds interval, clock::time_point now) noexcept
        : since_{now},
          interval_{interval < endless ? static_cast<short_duration>(interval) : endless} {}

    std::chrono::milliseconds interval() const noexcept {
        return interval_ == endless ? never : std::chrono::milliseconds{interval_};
    }

    /// Some bytes were taken by the peer's side.
    void wrote(clock::time_point now) noexcept {
        since_ = now;
        blocked_ = false;
    }

    /// There is something to write, and nothing is taken.
    void blocked(clock::time_point now) noexcept {
        if (!blocked_) {
            since_ = now;
            blocked_ = true;
        }
    }

    bool is_blocked() const noexcept { return blocked_; }

    clock::time_point next() const noexcept { return since_ + interval(); }

    due at(clock::time_point now) const noexcept {
        return now < next() ? due::nothing : blocked_ ? due::stalled : due::heartbeat;
    }

private:
    /// Of four bytes, as it lies in each stream.
    using short_duration = std::chrono::duration<std::uint32_t, std::milli>;
    /// 49 days and more are as good as never.
    static constexpr short_duration endless = short_duration::max();

    clock::time_point since_;
    short_duration interval_;
    bool blocked_ = false;
};

} // namespace crier::detail
