#include "local_manager.hpp"
#include "measurement.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using crier::bench::local_manager;
using crier::bench::topic;

/// So many are published between two drains, which are left out: what is measured is the calling
/// thread's part of a burst, with the one drain that it posts.
constexpr int burst = 64;
constexpr std::size_t history_events = 1'000;

/// Nobody reads: the queues are full, as the history is, if there is one.
template <class Publish>
void publish(benchmark::State& state, Publish publish_one) {
    const bool keeps = state.range(1) != 0;
    local_manager on{keeps ? history_events : 0};
    for (std::size_t i = 0; keeps && i < history_events; ++i) {
        publish_one(on.manager).value();
    }
    const std::vector<crier::subscription> subscribers =
        on.subscribe(static_cast<std::size_t>(state.range(0)));
    const auto publish_burst = [&] {
        for (int i = 0; i < burst; ++i) {
            benchmark::DoNotOptimize(publish_one(on.manager).value());
        }
    };
    for (int i = 0; i < 3; ++i) {
        publish_burst();
        on.run();
    }
    crier::bench::measurement measured{state};
    while (state.KeepRunningBatch(burst)) {
        publish_burst();
        measured.leave_out([&] { on.run(); });
    }
}

void publish_text(benchmark::State& state) {
    const std::string text(128, 'x');
    publish(state, [&text](crier::manager& to) { return to.publish(topic, text); });
}

/// Each one posts a drain. The time is a rough one: to leave the drain out takes 0.1 us by itself.
void publish_and_post(benchmark::State& state) {
    const std::string text(128, 'x');
    local_manager on;
    const std::vector<crier::subscription> subscribers = on.subscribe(1, state.range(0) != 0);
    crier::bench::measurement measured{state};
    for ([[maybe_unused]] auto _ : state) {
        benchmark::DoNotOptimize(on.manager.publish(topic, text).value());
        measured.leave_out([&] { on.run(); });
    }
}

void publish_text_with_type_and_key(benchmark::State& state) {
    const std::string text(128, 'x');
    crier::publish_options options;
    options.type = "moved";
    options.key = "vehicle/20417/position"; // too long to lie in a std::string itself
    publish(
        state, [&text, &options](crier::manager& to) { return to.publish(topic, text, options); });
}

void publish_event(benchmark::State& state) {
    crier::event whole;
    whole.type = "moved";
    whole.data = std::string(128, 'x');
    publish(state, [&whole](crier::manager& to) { return to.publish(topic, whole); });
}

/// Each to another topic than the one before, none of which anybody reads.
void publish_to_many_topics(benchmark::State& state) {
    const std::string text(128, 'x');
    crier::manager_options options;
    options.rules.push_back(
        {.matches = crier::starting_with("vehicles/"), .history = {.events = 1}});
    boost::asio::io_context io{1};
    crier::manager to{io.get_executor(), options};
    std::vector<std::string> names;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        names.push_back("vehicles/" + std::to_string(i) + "/position");
    }
    std::size_t next = 0;
    const crier::bench::measurement measured{state};
    for ([[maybe_unused]] auto _ : state) {
        benchmark::DoNotOptimize(to.publish(names[next], text).value());
        next = next + 1 == names.size() ? 0 : next + 1;
    }
}

} // namespace

BENCHMARK(publish_text)->ArgNames({"subscribers", "history"})->ArgsProduct({{0, 1, 100}, {0, 1}});
// As often as given, since a drain takes a thousand times as long as what is measured.
BENCHMARK(publish_text)
    ->ArgNames({"subscribers", "history"})
    ->ArgsProduct({{10'000}, {0, 1}})
    ->Iterations(std::int64_t{64} * burst);
BENCHMARK(publish_text_with_type_and_key)
    ->ArgNames({"subscribers", "history"})
    ->ArgsProduct({{1, 100}, {0, 1}});
BENCHMARK(publish_event)->ArgNames({"subscribers", "history"})->ArgsProduct({{1}, {0, 1}});
BENCHMARK(publish_to_many_topics)->ArgName("topics")->Arg(10)->Arg(10'000);
BENCHMARK(publish_and_post)->ArgName("strand")->DenseRange(0, 1);
