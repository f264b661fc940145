#include <crier/pubsub/manager.hpp>

#include "support/read_all.hpp"

#include <string>
#include <vector>

using crier::manager;
using crier::manager_options;
using crier::retention;
using crier::subscription;
using crier::topic_options;
using crier::test::context;
using crier::test::read_all;
using namespace std::chrono_literals;
using texts = std::vector<std::string>;

namespace {

manager_options retaining(retention what, crier::history_limits history = {}) {
    manager_options options;
    options.log = [](crier::severity, std::string_view) {};
    options.rules.push_back(
        {.matches = crier::starting_with(""), .history = history, .retain = what});
    return options;
}

} // namespace

TEST_CASE("a new subscriber gets the newest event at once, and then what follows") {
    context test;
    manager events{test.io.get_executor(), retaining(retention::newest)};
    subscription early = events.subscribe("a");
    CHECK(read_all(test, early).empty());
    events.publish("a", "1");
    events.publish("a", "2");
    subscription late = events.subscribe("a");
    events.publish("a", "3");
    CHECK(read_all(test, late) == texts{"2", "3"});
    CHECK(read_all(test, early) == texts{"1", "2", "3"});
    events.publish("a", "4");
    CHECK(read_all(test, late) == texts{"4"});
}

TEST_CASE("the newest event of each key comes in the order of their ids") {
    context test;
    manager events{test.io.get_executor(), retaining(retention::newest_per_key)};
    for (const auto& [key, value] :
        {std::pair{"x", "x1"}, {"y", "y2"}, {"x", "x3"}, {"", "4"}, {"y", "y5"}, {"", "6"}}) {
        events.publish("a", value, {.key = key});
    }
    subscription late = events.subscribe("a");
    events.publish("a", "x7", {.key = "x"});
    CHECK(read_all(test, late) == texts{"y5", "6", "x7"});
    events.publish("a", "y8", {.key = "y"});
    CHECK(read_all(test, late) == texts{"y8"});
}

TEST_CASE("each topic of a subscription gives its own") {
    context test;
    manager_options options = retaining(retention::newest, {.events = 10});
    options.rules.insert(options.rules.begin(),
        {.matches = crier::exactly("b"), .retain = retention::newest_per_key});
    options.rules.insert(options.rules.begin(), {.matches = crier::exactly("none")});
    manager events{test.io.get_executor(), options};
    for (const char* data : {"1", "2"}) {
        events.publish("a", std::string{"a"} + data);
        events.publish("b", std::string{"b"} + data, {.key = data});
        events.publish("none", data);
    }
    std::vector<topic_options> topics(3);
    topics[0].name = "b";
    topics[1].name = "none";
    topics[2].name = "a";
    subscription late = events.subscribe(topics);
    CHECK(read_all(test, late) == texts{"b1", "a2", "b2"});
}

TEST_CASE("what is retained lives without subscribers, as long as its history's age") {
    context test;
    manager events{test.io.get_executor(), retaining(retention::newest, {.age = 1min})};
    events.publish("a", "1");
    test.advance(59s);
    {
        subscription first = events.subscribe("a");
        CHECK(read_all(test, first) == texts{"1"});
    }
    test.advance(59s);
    CHECK(events.stats().topics.size() == 1);
    test.advance(2s);
    subscription late = events.subscribe("a");
    CHECK(read_all(test, late).empty());
}

TEST_CASE("a client with a cursor gets what follows it, and after a gap what is retained") {
    context test;
    manager events{
        test.io.get_executor(), retaining(retention::newest_per_key,
                                    {.events = 2, .age = std::chrono::milliseconds::max()})};
    const auto first = *events.publish("a", "x1", {.key = "x"});
    events.publish("a", "y2", {.key = "y"});
    events.publish("a", "z3", {.key = "z"});
    const auto before_last = *events.publish("a", "y4", {.key = "y"});
    events.publish("a", "z5", {.key = "z"});
    subscription back = events.subscribe("a", {.last_event_id = to_string(before_last)});
    CHECK(read_all(test, back) == texts{"z5"});
    subscription late = events.subscribe("a", {.last_event_id = to_string(first)});
    CHECK(read_all(test, late) == texts{"gap evicted", "y4", "z5"});
    subscription other = events.subscribe("a", {.last_event_id = "1.1"});
    CHECK(read_all(test, other) == texts{"gap epoch", "x1", "y4", "z5"});
}

TEST_CASE("a client comes back to a topic's state: what has changed, and no gap") {
    context test;
    manager events{test.io.get_executor(), retaining(retention::newest_per_key)};
    events.publish("a", "x1", {.key = "x"});
    const auto seen = *events.publish("a", "y2", {.key = "y"});
    for (const char* data : {"x3", "x4", "z5"}) {
        events.publish("a", data, {.key = std::string_view{data}.substr(0, 1)});
    }
    subscription back = events.subscribe("a", {.last_event_id = to_string(seen)});
    CHECK(read_all(test, back) == texts{"x4", "z5"});
    subscription same = events.subscribe("a", {.last_event_id = to_string(seen)});
    events.publish("a", "y6", {.key = "y"});
    CHECK(read_all(test, same) == texts{"x4", "z5", "y6"});
    CHECK(events.stats().gaps[static_cast<std::size_t>(crier::gap_reason::evicted)] == 0);
}

TEST_CASE("state that is gone is told") {
    context test;
    manager_options options = retaining(retention::newest_per_key);
    options.keys_limit = 2;
    manager events{test.io.get_executor(), options};
    const auto seen = *events.publish("a", "v1", {.key = "v"});
    for (const char* data : {"x2", "y3", "x4", "z5"}) {
        events.publish("a", data, {.key = std::string_view{data}.substr(0, 1)});
    }
    // y is gone, and may have been seen by nobody who comes back from before.
    subscription back = events.subscribe("a", {.last_event_id = to_string(seen)});
    CHECK(read_all(test, back) == texts{"gap evicted", "x4", "z5"});
    events.forget("a");
    const auto fresh = *events.publish("a", "x6", {.key = "x"});
    subscription forgotten = events.subscribe("a", {.last_event_id = to_string(seen)});
    CHECK(read_all(test, forgotten) == texts{"gap evicted", "x6"});
    subscription knows = events.subscribe("a", {.last_event_id = to_string(fresh)});
    CHECK(read_all(test, knows).empty());
}

TEST_CASE("one key of a topic's state can be forgotten") {
    context test;
    manager events{test.io.get_executor(), retaining(retention::newest_per_key)};
    const auto seen = *events.publish("a", "w1", {.key = "w"});
    events.publish("a", "x2", {.key = "x"});
    const auto last = *events.publish("a", "y3", {.key = "y"});
    events.forget("a", "x");
    events.forget("a", "none");
    events.forget("b", "x");
    subscription fresh = events.subscribe("a");
    CHECK(read_all(test, fresh) == texts{"w1", "y3"});
    subscription back = events.subscribe("a", {.last_event_id = to_string(seen)});
    CHECK(read_all(test, back) == texts{"gap evicted", "y3"});
    subscription knows = events.subscribe("a", {.last_event_id = to_string(last)});
    CHECK(read_all(test, knows).empty());
    for (const char* key : {"w", "y"}) {
        events.forget("a", key);
    }
    subscription none = events.subscribe("a");
    CHECK(read_all(test, none).empty());
}

TEST_CASE("a client that is cut off after a gap comes back for what is left of older events") {
    context test;
    manager_options options = retaining(retention::none, {.events = 1});
    options.rules.insert(options.rules.begin(),
        {.matches = crier::exactly("state"), .retain = retention::newest_per_key});
    manager events{test.io.get_executor(), options};
    const auto seen = *events.publish("a", "a1");
    const auto x = *events.publish("state", "x2", {.key = "x"});
    const auto y = *events.publish("state", "y3", {.key = "y"});
    events.publish("a", "a4");
    events.publish("a", "a5");
    const std::vector<topic_options> both{{.name = "a"}, {.name = "state"}};
    subscription back = events.subscribe(both, {.last_event_id = to_string(seen)});
    CHECK(read_all(test, back) == texts{"gap evicted", "x2", "y3", "a5"});
    subscription cut = events.subscribe(both, {.last_event_id = to_string(seen)});
    const auto told = crier::test::event_reader{cut.try_receive()->text()}.events[0];
    CHECK(told.id == to_string(seen));
    subscription after = events.subscribe(both, {.last_event_id = told.id});
    CHECK(read_all(test, after) == texts{"gap evicted", "x2", "y3", "a5"});
    subscription again = events.subscribe(both, {.last_event_id = to_string(x)});
    CHECK(read_all(test, again) == texts{"gap evicted", "y3", "a5"});
    subscription last = events.subscribe(both, {.last_event_id = to_string(y)});
    CHECK(read_all(test, last) == texts{"gap evicted", "a5"});
}

TEST_CASE("a topic has no more keys than the limit") {
    context test;
    manager_options options = retaining(retention::newest_per_key);
    options.keys_limit = 2;
    manager events{test.io.get_executor(), options};
    for (const char* key : {"x", "y", "z"}) {
        events.publish("a", key, {.key = key});
    }
    subscription late = events.subscribe("a");
    CHECK(read_all(test, late) == texts{"y", "z"});
}

TEST_CASE("many keys come piece by piece, and no change is missed meanwhile") {
    context test;
    manager_options options = retaining(retention::newest_per_key);
    options.queue.events = 8;
    manager events{test.io.get_executor(), options};
    for (int i = 0; i < 100; ++i) {
        events.publish("a", "old", {.key = std::to_string(i)});
    }
    subscription late = events.subscribe("a");
    std::size_t old = 0;
    std::size_t fresh = 0;
    int changed = 99;
    while (const auto next = late.try_receive()) {
        const auto each = crier::test::event_reader{next->text()}.events[0];
        if (each.type == "crier.gap") {
            continue; // of those that were published meanwhile, more than its queue holds
        }
        (each.data == "old" ? old : fresh) += 1;
        if (changed >= 50) {
            events.publish("a", "new", {.key = std::to_string(changed--)});
        }
        test.run();
    }
    CHECK(fresh == 50);
    CHECK(old >= 50);
    CHECK(old + fresh >= 100);
    CHECK(late.dropped() == 0);
}
