#include <crier/pubsub/manager.hpp>
#include <crier/wire/errc.hpp>

#include "support/read_all.hpp"

#include <string>
#include <vector>

using crier::drop_reason;
using crier::manager;
using crier::manager_options;
using crier::overflow_policy;
using crier::queue_limits;
using crier::subscription;
using crier::topic_options;
using crier::test::context;
using crier::test::read_all;
using texts = std::vector<std::string>;

namespace {

manager_options quiet() {
    manager_options options;
    options.log = [](crier::severity, std::string_view) {};
    return options;
}

void publish(manager& events, const std::string& topic, int first, int last) {
    for (int i = first; i <= last; ++i) {
        events.publish(topic, i);
    }
}

} // namespace

TEST_CASE("what was dropped is told once the reader is back, and counted by its reason") {
    context test;
    manager_options options = quiet();
    options.queue.events = 3;
    manager events{test.io.get_executor(), options};
    subscription slow = events.subscribe("a");
    publish(events, "a", 1, 8);
    CHECK(read_all(test, slow) == texts{"1", "2", "3", "gap overflow 5"});
    publish(events, "a", 9, 9);
    CHECK(read_all(test, slow) == texts{"9"});
    CHECK(slow.dropped() == 5);
    const auto stats = events.stats();
    CHECK(stats.dropped == 5);
    CHECK(stats.dropped_by[static_cast<std::size_t>(drop_reason::newest)] == 5);
    CHECK(stats.topics[0].dropped_by == stats.dropped_by);
}

TEST_CASE("the limits are the session's, else the topics', else the manager's") {
    context test;
    manager_options options = quiet();
    options.queue.events = 5;
    options.rules.push_back({.matches = crier::exactly("ruled"),
        .queue = queue_limits{2, 1'000, overflow_policy::drop_oldest}});
    manager events{test.io.get_executor(), options};
    subscription usual = events.subscribe("a");
    subscription ruled = events.subscribe("ruled");
    subscription own =
        events.subscribe("ruled", {.queue = queue_limits{1, 1'000, overflow_policy::drop_newest}});
    std::vector<topic_options> both(2);
    both[0].name = "a";
    both[1].name = "ruled";
    subscription mixed = events.subscribe(both);
    both[0].name = "c";
    both[0].queue = queue_limits{4};
    subscription first = events.subscribe(both);
    publish(events, "a", 1, 7);
    CHECK(read_all(test, mixed) == texts{"1", "2", "3", "4", "5", "gap overflow 2"});
    publish(events, "ruled", 1, 7);
    CHECK(read_all(test, usual) == texts{"1", "2", "3", "4", "5", "gap overflow 2"});
    CHECK(read_all(test, ruled) == texts{"gap overflow 5", "6", "7"});
    CHECK(read_all(test, own) == texts{"1", "gap overflow 6"});
    CHECK(read_all(test, first) == texts{"gap overflow 3", "4", "5", "6", "7"});
}

TEST_CASE("conflation keeps the newest of each key, of each type without one, and of each topic") {
    context test;
    manager_options options = quiet();
    options.queue = {3, 1'000, overflow_policy::conflate};
    manager events{test.io.get_executor(), options};
    std::vector<topic_options> both(2);
    both[0].name = "a";
    both[1].name = "b";
    subscription slow = events.subscribe(both);
    for (int i = 0; i < 10; ++i) {
        events.publish("a", "key", {.key = "k"});
        events.publish("a", std::to_string(i), {.type = "t"});
        events.publish("b", i);
    }
    CHECK(read_all(test, slow) == texts{"key", "t=9", "9"});
    CHECK(slow.dropped() == 27);
    CHECK(events.stats().dropped_by[static_cast<std::size_t>(drop_reason::conflated)] == 27);
}

TEST_CASE("a signal stands for all that was dropped, and the stream goes on") {
    context test;
    manager_options options = quiet();
    options.queue = {3, 1'000, overflow_policy::signal};
    manager events{test.io.get_executor(), options};
    subscription slow = events.subscribe("a");
    publish(events, "a", 1, 4);
    CHECK(read_all(test, slow) == texts{"crier.signal="});
    publish(events, "a", 5, 6);
    CHECK(read_all(test, slow) == texts{"5", "6"});
}

TEST_CASE("a disconnected subscription ends, and comes back with its history") {
    context test;
    manager_options options = quiet();
    options.queue = {3, 1'000, overflow_policy::disconnect};
    options.rules.push_back(
        {.matches = crier::exactly("a"), .history = {.events = 100, .age = {}}});
    manager events{test.io.get_executor(), options};
    subscription slow = events.subscribe("a");
    const auto first = *events.publish("a", 1);
    publish(events, "a", 2, 5);
    test.run();
    CHECK(crier::test::end_of(test, slow) == crier::errc::overflow);
    subscription back = events.subscribe("a", {.last_event_id = to_string(first)});
    CHECK(read_all(test, back) == texts{"2", "3", "4", "5"});
}

TEST_CASE("limits that make no sense are refused") {
    context test;
    manager_options options = quiet();
    options.queue.bytes = 0;
    CHECK_THROWS_AS((manager{test.io.get_executor(), options}), std::invalid_argument);
    options = quiet();
    options.rules.emplace_back();
    CHECK_THROWS_AS((manager{test.io.get_executor(), options}), std::invalid_argument);
    options.rules[0].matches = crier::starting_with("");
    options.rules[0].queue = queue_limits{0};
    CHECK_THROWS_AS((manager{test.io.get_executor(), options}), std::invalid_argument);
    manager events{test.io.get_executor()};
    CHECK_THROWS_AS(events.subscribe("a", {.queue = queue_limits{0}}), std::invalid_argument);
}
