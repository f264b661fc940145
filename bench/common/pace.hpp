#pragma once

#include <chrono>
#include <cstdint>

namespace bench {

/// When events are to be published: so many at once, at times that do not drift.
class pace {
public:
    using clock = std::chrono::steady_clock;

    /// Of so many events a second in bursts; the first burst is due at the start.
    pace(double rate, unsigned burst, clock::time_point start)
        : interval_{static_cast<clock::rep>(1e9 * burst / rate)}, due_{start} {}

    clock::time_point due() const noexcept { return due_; }

    /// One burst has been published. Who is late makes up for it, but not for more than a second.
    void next(clock::time_point now) noexcept {
        constexpr std::chrono::seconds most_late{1};
        due_ += interval_;
        if (now - due_ > most_late) {
            due_ = now;
        }
    }

private:
    std::chrono::nanoseconds interval_;
    clock::time_point due_;
};

} // namespace bench
