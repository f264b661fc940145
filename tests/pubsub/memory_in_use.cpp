// What the memory limit means in bytes that are really allocated, where much of them is not the
// events themselves: tiny events, long queues, many executors, many topics.

#include <crier/pubsub/manager.hpp>

#include "support/allocations.hpp"
#include "support/context.hpp"

#include <deque>
#include <string>
#include <vector>

using crier::manager;
using crier::manager_options;
using crier::overflow_policy;
using crier::queue_limits;
using crier::subscription;
using crier::test::context;
namespace asio = boost::asio;

namespace {

constexpr std::size_t limit = std::size_t{4} << 20;
constexpr std::size_t most = limit + limit / 10;
constexpr std::size_t of_a_subscriber = std::size_t{100} * 1024;

manager_options limited(overflow_policy past = overflow_policy::drop_newest) {
    manager_options options;
    options.log = [](crier::severity, std::string_view) {};
    options.memory_limit = limit;
    options.queue = {10'000'000, std::size_t{8} << 30, past};
    return options;
}

/// The most that is allocated while it runs, beyond what is there already.
template <class Run>
std::size_t peak_of(Run run) {
    const std::size_t before = crier::test::live_bytes();
    crier::test::forget_peak();
    run();
    return crier::test::peak_bytes() - before;
}

} // namespace

TEST_CASE("tiny events that nobody is let take") {
    for (const std::size_t shards : {1U, 8U}) {
        context test;
        std::deque<asio::io_context> others;
        manager events{test.io.get_executor(), limited()};
        std::vector<subscription> waiting;
        for (std::size_t i = 0; i < shards; ++i) {
            others.emplace_back(1);
            waiting.push_back(events.subscribe("t", {.executor = others.back().get_executor()}));
        }
        const std::size_t peak = peak_of([&] {
            for (int i = 0; i < 50'000; ++i) {
                events.publish("t", "x");
            }
            for (asio::io_context& each : others) {
                each.poll();
            }
            test.run();
        });
        MESSAGE(shards << " executors: " << (peak >> 10) << " KiB");
        CHECK(peak <= most + shards * of_a_subscriber);
    }
}

TEST_CASE("tiny events that wait for many") {
    constexpr std::size_t subscribers = 100;
    for (const auto past : {overflow_policy::drop_newest, overflow_policy::drop_oldest,
             overflow_policy::conflate, overflow_policy::signal, overflow_policy::disconnect}) {
        context test;
        manager events{test.io.get_executor(), limited(past)};
        std::vector<subscription> stalled;
        for (std::size_t i = 0; i < subscribers; ++i) {
            stalled.push_back(events.subscribe("t"));
        }
        subscription prompt = events.subscribe("t");
        std::size_t read = 0;
        const std::size_t peak = peak_of([&] {
            for (int i = 0; i < 15'000; ++i) {
                events.publish("t", "x", {.key = std::to_string(i % 9'000)});
                if (i % 10 == 0) {
                    test.run();
                    while (prompt.try_receive()) {
                        ++read;
                    }
                }
            }
        });
        MESSAGE("policy " << static_cast<int>(past) << ": " << (peak >> 10) << " KiB");
        CHECK(peak <= most + subscribers * of_a_subscriber / 10);
        CHECK(prompt.dropped() == 0);
        CHECK(events.stats().dropped > 0);
    }
}

TEST_CASE("a burst that ends many streams") {
    constexpr std::size_t subscribers = 500;
    context test;
    manager_options options = limited(overflow_policy::disconnect);
    options.queue.events = 64;
    manager events{test.io.get_executor(), options};
    std::vector<subscription> stalled;
    for (std::size_t i = 0; i < subscribers; ++i) {
        stalled.push_back(events.subscribe("t"));
    }
    const std::size_t peak = peak_of([&] {
        for (int i = 0; i < 50'000; ++i) {
            events.publish("t", "x");
        }
        test.run();
    });
    MESSAGE((peak >> 10) << " KiB");
    CHECK(peak <= most + subscribers * of_a_subscriber / 10);
}

TEST_CASE("many topics that keep a little") {
    for (const bool is_newest : {true, false}) {
        context test;
        manager_options options = limited();
        options.rules.push_back({.matches = crier::starting_with(""),
            .history = {.events = is_newest ? 0U : 10U, .age = std::chrono::milliseconds::max()},
            .retain = is_newest ? crier::retention::newest : crier::retention::none});
        manager events{test.io.get_executor(), options};
        const std::size_t peak = peak_of([&] {
            for (int i = 0; i < 100'000; ++i) {
                events.publish("topic " + std::to_string(i), "x");
            }
        });
        MESSAGE("by newest: " << is_newest << ": " << (peak >> 10) << " KiB, "
                              << events.stats().topics.size() << " topics");
        CHECK(peak <= most);
    }
}

TEST_CASE("a long history, and the newest of many keys") {
    for (const bool is_by_key : {true, false}) {
        context test;
        manager_options options = limited();
        options.keys_limit = 10'000'000;
        options.rules.push_back({.matches = crier::starting_with(""),
            .history = {.events = is_by_key ? 0U : 10'000'000U,
                .bytes = limit,
                .age = std::chrono::milliseconds::max()},
            .retain = is_by_key ? crier::retention::newest_per_key : crier::retention::none});
        manager events{test.io.get_executor(), options};
        const std::size_t peak = peak_of([&] {
            for (int i = 0; i < 50'000; ++i) {
                const std::string text = "some-longer-text-" + std::to_string(i);
                events.publish("t", crier::event{.data = "x", .id = is_by_key ? "" : text},
                    {.key = is_by_key ? std::string_view{text} : std::string_view{}});
            }
        });
        MESSAGE("by key: " << is_by_key << ": " << (peak >> 10) << " KiB");
        CHECK(peak <= most);
    }
}
