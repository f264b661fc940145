#pragma once

#include <crier/async/clock.hpp>

#include <cstddef>

namespace crier::detail {

/// When the streams of a connection end that drains: one by one, over most of the time that there
/// is. Else all clients would come back at the same moment.
class drain_schedule {
public:
    /// No time at all, or `max`: none is ended.
    drain_schedule() = default;

    /// `chance`, of 0 to 1, moves all of them: connections must not do the same.
    drain_schedule(clock::time_point now, clock::time_point by, std::size_t streams, double chance)
        : begun_{now}, streams_{by > now && by < clock::time_point::max() ? streams : 0} {
        constexpr int most = 4; // of which the last part is for those that take longer
        if (streams_ > 0) {
            step_ = (by - now) / most * (most - 1) / static_cast<clock::rep>(streams_);
            first_ = std::chrono::duration_cast<clock::duration>(step_ * chance);
        }
    }

    /// How many are to be ended now. Those are then taken as ended.
    std::size_t take(clock::time_point now) noexcept {
        std::size_t due = 0;
        while (next() <= now) {
            ++taken_;
            ++due;
        }
        return due;
    }

    /// When the next one is to be ended; `max`: none.
    clock::time_point next() const noexcept {
        return taken_ < streams_ ? begun_ + first_ + step_ * static_cast<clock::rep>(taken_)
                                 : clock::time_point::max();
    }

private:
    clock::time_point begun_{};
    clock::duration first_{};
    clock::duration step_{};
    std::size_t streams_ = 0;
    std::size_t taken_ = 0;
};

} // namespace crier::detail
