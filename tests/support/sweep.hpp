#pragma once

#include "context.hpp"
#include "failing_allocations.hpp"

#include <new>
#include <utility>

namespace crier::test {

/// The part of a scenario in which an allocation fails. In it nothing else may allocate: no check.
class failing_part {
public:
    failing_part(long nth, failing how) noexcept : nth_{nth}, how_{how} {}

    /// Once in a scenario. False: it threw `std::bad_alloc`.
    template <class Part>
    bool operator()(Part part) {
        bool is_done = true;
        fail_allocation_after(nth_, how_);
        try {
            part();
        } catch (const std::bad_alloc&) {
            is_done = false;
        }
        has_failed_ = allocation_failed();
        fail_allocation_after(-1);
        CHECK((is_done || has_failed_));
        return is_done;
    }

    bool has_failed() const noexcept { return has_failed_; }

private:
    long nth_;
    failing how_;
    bool has_failed_ = false;
};

/// Runs the scenario with each of the allocations in its failing part failing, until there was none
/// left to fail. Tells how many there were.
template <class Scenario>
long sweep(failing how, Scenario scenario) {
    CAPTURE(static_cast<int>(how));
    long nth = 0;
    for (bool goes_on = true; goes_on; ++nth) {
        CAPTURE(nth);
        failing_part part{nth, how};
        scenario(part);
        goes_on = part.has_failed();
    }
    return nth - 1;
}

/// The same for both ways of failing.
template <class Scenario>
long sweep(Scenario scenario) {
    const long swept = sweep(failing::once, scenario);
    sweep(failing::from_then_on, scenario);
    return swept;
}

/// Runs what is ready on all of them, as a program goes on after a handler that threw.
template <class... Contexts>
void run_on(Contexts&... all) {
    const auto ran = [](asio::io_context& io) {
        io.restart();
        try {
            return io.poll() > 0;
        } catch (const std::bad_alloc&) {
            return true;
        }
    };
    while ((ran(all) | ...)) {
    }
}

/// As far as memory allows.
template <class Call>
bool attempt(Call call) {
    try {
        call();
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

} // namespace crier::test
