#include <crier/async/signal.hpp>

#include "measurement.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>

namespace {

namespace asio = boost::asio;

asio::awaitable<void> count_wakes(crier::signal& on, std::int64_t& wakes) {
    while (true) {
        const auto [ended] = co_await on.async_wait(asio::as_tuple(asio::deferred));
        if (ended) {
            co_return;
        }
        ++wakes;
    }
}

void set_repeatedly(benchmark::State& state, crier::signal& on) {
    const crier::bench::measurement measured{state};
    for ([[maybe_unused]] auto _ : state) {
        on.set();
    }
}

/// A coroutine that waits on the executor is woken there, and waits again.
void wake(benchmark::State& state, asio::io_context& io, const asio::any_io_executor& executor) {
    crier::signal on{executor};
    std::int64_t wakes = 0;
    asio::co_spawn(executor, count_wakes(on, wakes), asio::detached);
    io.poll();
    asio::post(executor, [&] {
        set_repeatedly(state, on);
        on.close();
    });
    io.run();
    if (wakes != state.iterations()) {
        state.SkipWithError("not every set woke the coroutine");
    }
}

void signal_wake(benchmark::State& state) {
    asio::io_context io{1};
    wake(state, io, io.get_executor());
}

void signal_wake_on_strand(benchmark::State& state) {
    asio::io_context io{1};
    wake(state, io, asio::make_strand(asio::any_io_executor{io.get_executor()}));
}

void signal_set_without_waiter(benchmark::State& state) {
    asio::io_context io{1};
    crier::signal on{io.get_executor()};
    set_repeatedly(state, on);
}

} // namespace

BENCHMARK(signal_wake);
BENCHMARK(signal_wake_on_strand);
BENCHMARK(signal_set_without_waiter);
