#include "local_manager.hpp"
#include "measurement.hpp"

#include <boost/asio/strand.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using crier::bench::local_manager;
using crier::bench::topic;

/// The drain is measured too, once for as many operations as this.
constexpr int batch = 64;

void subscribe_and_leave(benchmark::State& state) {
    local_manager on;
    const std::vector<crier::subscription> others =
        on.subscribe(static_cast<std::size_t>(state.range(0)));
    const crier::bench::measurement measured{state};
    while (state.KeepRunningBatch(batch)) {
        for (int i = 0; i < batch; ++i) {
            const crier::subscription made = on.manager.subscribe(std::string{topic});
        }
        on.run();
    }
}

/// Each of the others on a strand of its own, as the new one.
void subscribe_on_a_strand(benchmark::State& state) {
    local_manager on;
    std::vector<crier::subscription> others;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        others.push_back(on.manager.subscribe(
            std::string{topic}, {.executor = boost::asio::make_strand(on.io.get_executor())}));
    }
    on.run();
    const crier::bench::measurement measured{state};
    while (state.KeepRunningBatch(batch)) {
        for (int i = 0; i < batch; ++i) {
            const crier::subscription made = on.manager.subscribe(
                std::string{topic}, {.executor = boost::asio::make_strand(on.io.get_executor())});
        }
        on.run();
    }
}

} // namespace

BENCHMARK(subscribe_on_a_strand)->ArgName("strands")->Arg(10)->Arg(10'000);
BENCHMARK(subscribe_and_leave)->ArgName("others")->Arg(0)->Arg(10'000);
