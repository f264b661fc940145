#pragma once

#include <crier/async/clock.hpp>

#include <algorithm>

namespace crier::detail {

/// When a stream that was silent owes a heartbeat, and when a peer that takes nothing is given up.
class deadline {
public:
    enum class due { nothing, heartbeat, stalled };

    deadline(clock::duration interval, clock::time_point now) noexcept
        : interval_{interval}, since_{now} {}

    clock::duration interval() const noexcept { return interval_; }

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

    clock::time_point next() const noexcept {
        // An interval past the end of time is as good as none.
        return since_ + std::min(interval_, clock::time_point::max() - since_);
    }

    due at(clock::time_point now) const noexcept {
        return now < next() ? due::nothing : blocked_ ? due::stalled : due::heartbeat;
    }

private:
    clock::duration interval_;
    clock::time_point since_;
    bool blocked_ = false;
};

} // namespace crier::detail
