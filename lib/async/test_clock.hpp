#pragma once

#include <crier/async/clock.hpp>

namespace crier::detail::test_clock {

/// Puts the clock of the whole process forward, for tests that must not sleep. A timer that has
/// thereby expired completes once its context looks at its timers again.
///
/// Thread safety: any thread.
void advance(clock::duration by) noexcept;

/// Lets the clock of the whole process stand still but for `advance`, so that what a test expects
/// does not depend on how fast it runs, until it is thawed as often.
///
/// Thread safety: one thread at a time freezes and thaws.
void freeze() noexcept;
void thaw() noexcept;

} // namespace crier::detail::test_clock
