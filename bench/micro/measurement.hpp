#pragma once

#include "allocations.hpp"

#include <benchmark/benchmark.h>

namespace crier::bench {

/// Counts the allocations of a benchmark from here to the end of the scope, as its counter
/// `allocs`: those of one operation.
class measurement {
public:
    explicit measurement(benchmark::State& state) : state_{state}, before_{allocations()} {}
    measurement(const measurement&) = delete;
    measurement& operator=(const measurement&) = delete;

    ~measurement() {
        const long counted = allocations() - before_;
        state_.counters["allocs"] =
            benchmark::Counter(static_cast<double>(counted), benchmark::Counter::kAvgIterations);
    }

    /// Does what is neither to be timed nor counted.
    template <class Action>
    void leave_out(Action action) {
        state_.PauseTiming();
        const long before = allocations();
        action();
        before_ += allocations() - before;
        state_.ResumeTiming();
    }

private:
    benchmark::State& state_;
    long before_;
};

} // namespace crier::bench
