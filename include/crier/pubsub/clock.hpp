#pragma once

#include <boost/asio/basic_waitable_timer.hpp>

#include <chrono>

namespace crier {

/// The clock of every timer in crier: `std::chrono::steady_clock`, which a test can put forward.
struct clock {
    using duration = std::chrono::steady_clock::duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<clock>;
    static constexpr bool is_steady = true;

    static time_point now() noexcept;

    /// Puts the clock of the whole process forward, for tests that must not sleep. A timer that has
    /// thereby expired completes once its context looks at its timers again.
    ///
    /// Thread safety: any thread.
    static void advance(duration by) noexcept;

    /// Lets the clock of the whole process stand still but for `advance`, so that what a test
    /// expects does not depend on how fast it runs, until it is thawed as often.
    ///
    /// Thread safety: one thread at a time freezes and thaws.
    static void freeze() noexcept;
    static void thaw() noexcept;
};

using timer = boost::asio::basic_waitable_timer<clock>;

} // namespace crier
