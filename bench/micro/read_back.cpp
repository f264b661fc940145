#include "local_manager.hpp"
#include "measurement.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <optional>
#include <string>

namespace {

using crier::bench::local_manager;
using crier::bench::topic;

/// A client comes back and reads the topic's whole history. An operation is one event; what leaving
/// costs is left out.
void read_back(benchmark::State& state) {
    constexpr std::int64_t events = 1'000;
    const std::string text(128, 'x');
    local_manager on{events};
    crier::subscribe_options after_first;
    after_first.last_event_id = to_string(on.manager.publish(topic, text).value());
    for (std::int64_t i = 0; i < events; ++i) {
        on.manager.publish(topic, text).value();
    }
    std::int64_t received = 0;
    {
        crier::bench::measurement measured{state};
        while (state.KeepRunningBatch(events)) {
            std::optional<crier::subscription> reader =
                on.manager.subscribe(std::string{topic}, after_first);
            while (const auto next = reader->try_receive()) {
                ++received;
            }
            measured.leave_out([&] {
                reader.reset();
                on.run();
            });
        }
    }
    if (received != state.iterations()) {
        state.SkipWithError("not every event was read");
    }
    state.SetItemsProcessed(state.iterations());
}

} // namespace

BENCHMARK(read_back);
