#include <crier/wire/frame.hpp>

#include "measurement.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace {

template <class Make>
void encode(benchmark::State& state, Make make) {
    const std::size_t size = make().value().text().size();
    {
        const crier::bench::measurement measured{state};
        for ([[maybe_unused]] auto _ : state) {
            auto made = make();
            benchmark::DoNotOptimize(made);
        }
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}

void encode_event(benchmark::State& state, std::string_view data) {
    crier::event_view event{data};
    event.type = "moved";
    event.id = "k3f9a2b1.7ps";
    encode(state, [&event] { return crier::make_frame(event); });
}

void encode_128_bytes(benchmark::State& state) { encode_event(state, std::string(128, 'x')); }

void encode_16_kb_of_lines(benchmark::State& state) {
    std::string data;
    while (data.size() < std::size_t{16} * 1024) {
        data += std::string(63, 'x') + '\n';
    }
    encode_event(state, data);
}

void encode_heartbeat(benchmark::State& state) {
    encode(state, [] { return crier::make_comment_frame(""); });
}

} // namespace

BENCHMARK(encode_128_bytes);
BENCHMARK(encode_16_kb_of_lines);
BENCHMARK(encode_heartbeat);
