#include <crier/pubsub/hub.hpp>

#include "measurement.hpp"

#include <boost/asio/io_context.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

/// The oldest subscription of an id that many have leaves, and a new one comes.
void resubscribe(benchmark::State& state) {
    boost::asio::io_context io{1};
    crier::hub<std::uint64_t> hub{io.get_executor()};
    std::vector<crier::hub<std::uint64_t>::subscription> all;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        all.push_back(hub.subscribe(1));
    }
    std::size_t next = 0;
    const crier::bench::measurement measured{state};
    for ([[maybe_unused]] auto _ : state) {
        all[next] = hub.subscribe(1);
        next = (next + 1) % all.size();
    }
}

} // namespace

BENCHMARK(resubscribe)->ArgName("subscriptions")->Arg(1)->Arg(1'000)->Arg(100'000);
