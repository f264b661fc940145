#include "local_manager.hpp"
#include "measurement.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <utility>

namespace {

namespace asio = boost::asio;
using crier::bench::local_manager;
using crier::bench::topic;

asio::awaitable<void> receive_all(crier::subscription from, std::int64_t& received) {
    while (true) {
        while (const auto next = from.try_receive()) {
            ++received;
        }
        const auto [ended] = co_await from.get_signal().async_wait(asio::as_tuple(asio::deferred));
        if (ended) {
            co_return;
        }
    }
}

/// From the call that publishes until each of the waiting coroutines has the event and waits again.
/// An operation is one delivery.
void delivery(benchmark::State& state) {
    const std::int64_t subscribers = state.range(0);
    const std::string text(128, 'x');
    std::int64_t received = 0;
    local_manager on;
    const bool on_strand = state.range(1) != 0;
    for (crier::subscription& each :
        on.subscribe(static_cast<std::size_t>(subscribers), on_strand)) {
        const asio::any_io_executor executor = each.get_executor();
        asio::co_spawn(executor, receive_all(std::move(each), received), asio::detached);
    }
    on.run();
    const auto publish = [&] {
        on.manager.publish(topic, text).value();
        on.io.poll();
    };
    publish();
    received = 0;
    {
        const crier::bench::measurement measured{state};
        while (state.KeepRunningBatch(subscribers)) {
            publish();
        }
    }
    if (received != state.iterations()) {
        state.SkipWithError("not every event was received");
    }
    state.SetItemsProcessed(state.iterations());
}

} // namespace

BENCHMARK(delivery)->ArgNames({"subscribers", "strand"})->ArgsProduct({{1, 100, 1'000}, {0, 1}});
