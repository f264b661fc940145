#include <crier/pubsub/broker.hpp>
#include <crier/pubsub/manager.hpp>
#include <crier/pubsub/on_demand.hpp>

#include "support/read_all.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

using crier::manager;
using crier::manager_options;
using crier::retention;
using crier::starting_with;
using crier::subscription;
using crier::topic_options;
using crier::test::context;
using crier::test::read_all;
namespace asio = boost::asio;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using texts = std::vector<std::string>;

namespace {

manager_options with(crier::history_limits history, retention retain = retention::none) {
    manager_options options;
    options.log = [](crier::severity, std::string_view) {};
    options.rules.push_back({.matches = starting_with(""), .history = history, .retain = retain});
    return options;
}

std::vector<topic_options> both() {
    std::vector<topic_options> result(2);
    result[0].name = "a";
    result[1].name = "b";
    return result;
}

/// A service whose linger time asks something of the program.
class asking final : public crier::polling_service {
public:
    explicit asking(std::function<void()> ask) : ask_{std::move(ask)} {}

    void start(crier::publisher& /*to*/) override {}
    asio::awaitable<void> stop() override { co_return; }
    std::chrono::milliseconds linger() const noexcept override {
        ask_();
        return 0ms;
    }

private:
    std::function<void()> ask_;
};

} // namespace

TEST_CASE("what is published before a newcomer has read what is retained is not lost") {
    for (const auto retain : {retention::newest, retention::newest_per_key}) {
        for (const std::size_t history : {0U, 2U, 100U}) {
            CAPTURE(history);
            context test;
            manager events{test.io.get_executor(),
                with({.events = history, .age = milliseconds::max()}, retain)};
            events.publish("a", "old", {.key = "x"});
            subscription mine = events.subscribe("a");
            for (const char* data : {"1", "2", "3"}) {
                events.publish("a", data, {.key = "x"});
            }
            events.publish("a", "4");
            events.publish("a", "5");
            texts read = read_all(test, mine);
            if (retain == retention::newest) {
                REQUIRE_FALSE(read.empty());
                CHECK(read.front() == "old");
                read.erase(read.begin());
            }
            CHECK(read == texts{"1", "2", "3", "4", "5"});
        }
    }
}

TEST_CASE("what is retained and what is published supersede each other by the same keys") {
    context test;
    manager_options options = with({}, retention::newest_per_key);
    options.queue = {8, 100'000, crier::overflow_policy::conflate};
    manager events{test.io.get_executor(), options};
    for (const char* key : {"first", "kx", "z"}) {
        events.publish("a", key, {.key = key});
    }
    subscription slow = events.subscribe("a");
    REQUIRE(slow.try_receive());
    test.run();
    CHECK(slow.pending() == 2);
    for (int i = 0; i < 6; ++i) {
        events.publish("a", i, {.key = std::to_string(i)});
    }
    events.publish("a", "newer z", {.key = "z"});
    events.publish("a", "x", {.key = "x"});
    CHECK(read_all(test, slow) ==
          texts{"gap overflow 1", "0", "1", "2", "3", "4", "5", "newer z", "x"});
    CHECK(events.stats().dropped_by[static_cast<std::size_t>(crier::drop_reason::conflated)] == 1);
}

TEST_CASE("without ids nothing is told of gaps, also while something is read back") {
    context test;
    manager_options options = with({}, retention::newest);
    options.ids = false;
    options.queue.events = 4;
    manager events{test.io.get_executor(), options};
    events.publish("a", "old");
    subscription mine = events.subscribe("a");
    for (int i = 0; i < 10; ++i) {
        events.publish("a", i);
    }
    CHECK(read_all(test, mine) == texts{"6", "7", "8", "9"});
}

TEST_CASE("who was told of a gap and got no value gets an equal one") {
    context test;
    manager events{test.io.get_executor(), with({.events = 10, .age = 10s})};
    const subscription other = events.subscribe("a");
    events.publish("a", 1, {.only_changes = true});
    test.advance(20s);
    subscription back = events.subscribe("a", {.last_event_id = "1.5"});
    CHECK(read_all(test, back) == texts{"gap epoch"});
    events.publish("a", 1, {.only_changes = true});
    CHECK(read_all(test, back) == texts{"1"});
}

TEST_CASE("an equal value for a newcomer is read back by one who was cut off before it came") {
    context test;
    manager events{test.io.get_executor(), with({.events = 10, .age = milliseconds::max()})};
    const subscription other = events.subscribe("a");
    events.publish("a", 1, {.only_changes = true});
    std::string cursor;
    {
        subscription mine = events.subscribe(both());
        cursor = to_string(*events.publish("b", "b"));
        CHECK(read_all(test, mine) == texts{"b"});
        events.publish("a", 1, {.only_changes = true});
    }
    subscription back = events.subscribe(both(), {.last_event_id = cursor});
    CHECK(read_all(test, back) == texts{"1"});
}

TEST_CASE("an id of the caller's own that comes twice loses nothing") {
    context test;
    manager events{test.io.get_executor(), with({.events = 100, .age = milliseconds::max()})};
    events.publish("a", crier::event{.data = "1", .id = "12:00:00"});
    events.publish("a", crier::event{.data = "2", .id = "12:00:00"});
    subscription back = events.subscribe("a", {.last_event_id = "12:00:00"});
    CHECK(read_all(test, back) == texts{"2"});
}

TEST_CASE("times without an end are as good as long ones, and none is the default") {
    context test;
    manager events{test.io.get_executor(), with({.events = 10, .age = milliseconds::max()})};
    const auto first = *events.publish("a", "1");
    test.advance(1s);
    events.publish("a", "2");
    {
        subscription back = events.subscribe("a", {.last_event_id = to_string(first)});
        CHECK(read_all(test, back) == texts{"2"});
    }
    test.advance(1h);
    CHECK(events.stats().topics.size() == 1);
    for (const milliseconds none : {0ms, -1ms}) {
        manager usual{test.io.get_executor(), with({.events = 10, .age = none})};
        usual.publish("a", "1");
        test.advance(5min);
        CHECK(usual.stats().topics.size() == 1);
        test.advance(1min);
        CHECK(usual.stats().topics.empty());
    }
    bool stopped = false;
    crier::on_demand_options options;
    options.on_first_subscriber = [](crier::publisher&) -> asio::awaitable<void> { co_return; };
    options.on_last_subscriber = [&stopped]() -> asio::awaitable<void> {
        stopped = true;
        co_return;
    };
    options.linger = std::chrono::milliseconds::max();
    {
        std::vector<topic_options> topics(1);
        topics[0].name = "bus";
        topics[0].polling = crier::on_demand(options);
        const subscription mine = events.subscribe(topics);
        test.run();
    }
    test.advance(1h);
    CHECK_FALSE(stopped);
}

TEST_CASE("a service's linger time is asked without the manager's lock") {
    context test;
    manager events{test.io.get_executor()};
    std::atomic<int> answers = 0;
    const auto service = std::make_shared<asking>([&] {
        // Another thread would wait for ever if the lock were held meanwhile.
        auto asked = std::async(std::launch::async, [&events] { return events.stats(); });
        answers += asked.wait_for(10s) == std::future_status::ready ? 1 : 0;
    });
    {
        std::vector<topic_options> topics(1);
        topics[0].name = "a";
        topics[0].polling = service;
        const subscription mine = events.subscribe(topics);
        test.run();
    }
    test.run();
    CHECK(answers == 1);
}

TEST_CASE("a broker's subscription holds up to its capacity, whatever the size of its events") {
    context test;
    crier::broker events{test.io.get_executor()};
    subscription mine = events.subscribe(1000);
    for (int i = 0; i < 1000; ++i) {
        events.publish(std::string(1000, 'x'));
    }
    test.run();
    CHECK(mine.pending() == 1000);
    CHECK(mine.dropped() == 0);
}
