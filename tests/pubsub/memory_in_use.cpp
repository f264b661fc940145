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

/// Within 15 %.
bool is_about(std::size_t told, std::size_t real) {
    return told * 100 >= real * 85 && told * 100 <= real * 115;
}

} // namespace

TEST_CASE("the stats say what a history takes, of small events and of large ones") {
    struct {
        std::size_t size;
        int count;
    } const cases[] = {{100, 20'000}, {10'240, 1'000}};
    for (const auto& each : cases) {
        context test;
        manager_options options = limited();
        options.memory_limit = std::size_t{64} << 20;
        options.rules.push_back({.matches = crier::starting_with(""),
            .history = {.events = 10'000'000,
                .bytes = std::size_t{64} << 20,
                .age = std::chrono::milliseconds::max()}});
        manager events{test.io.get_executor(), options};
        const std::size_t before = crier::test::live_bytes();
        const std::size_t told_before = events.stats().memory;
        const std::string text(each.size, 'x');
        for (int i = 0; i < each.count; ++i) {
            events.publish("t", text);
        }
        const std::size_t real = crier::test::live_bytes() - before;
        const std::size_t told = events.stats().memory - told_before;
        CAPTURE(each.size);
        CAPTURE(real);
        CAPTURE(told);
        CHECK(is_about(told, real));
    }
}

TEST_CASE("long keys are kept once, also while many who read back stand still") {
    context test;
    asio::io_context standing{1};
    manager_options options = limited();
    options.rules.push_back({.matches = crier::starting_with(""),
        .history = {.events = 100, .bytes = limit, .age = std::chrono::milliseconds::max()},
        .retain = crier::retention::newest_per_key});
    manager events{test.io.get_executor(), options};
    std::vector<subscription> readers;
    const std::size_t peak = peak_of([&] {
        std::string key(1024, 'k');
        for (int i = 0; i < 500; ++i) {
            key.replace(0, 3, std::to_string(100 + i));
            const auto sent = events.publish("t", "x", {.key = key});
            REQUIRE(sent);
        }
        for (int i = 0; i < 200; ++i) {
            readers.push_back(events.subscribe(
                "t", {.executor = standing.get_executor(), .last_event_id = std::string{"0.0"}}));
        }
        standing.poll();
        test.run();
    });
    MESSAGE((peak >> 10) << " KiB");
    CHECK(peak <= most + readers.size() * 4096);
    readers.clear();
    standing.restart();
    standing.poll();
}

TEST_CASE("streams of many long names share the names") {
    context test;
    manager events{test.io.get_executor(), limited()};
    std::vector<crier::topic_options> names;
    for (int i = 0; i < 64; ++i) {
        names.push_back({.name = std::string(512, 'n') + std::to_string(i)});
    }
    std::vector<subscription> streams;
    streams.reserve(1000);
    streams.push_back(events.subscribe(names));
    test.run();
    const std::size_t before = crier::test::live_bytes();
    for (int i = 0; i < 999; ++i) {
        streams.push_back(events.subscribe(names));
    }
    test.run();
    const std::size_t each = (crier::test::live_bytes() - before) / 999;
    MESSAGE(each << " bytes a stream of 64 topics");
    CHECK(each < std::size_t{64} * 100);
}

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
