#include <crier/pubsub/manager.hpp>

#include "support/read_all.hpp"

#include <boost/asio/thread_pool.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using crier::manager;
using crier::manager_options;
using crier::subscription;
using crier::topic_options;
using crier::test::context;
using crier::test::read_all;
namespace asio = boost::asio;
namespace json = boost::json;
using namespace std::chrono_literals;
using texts = std::vector<std::string>;

namespace {

/// A service that publishes its text when it starts.
std::shared_ptr<crier::polling_service> saying(std::string text) {
    return crier::polling(
        [text = std::move(text)]() -> asio::awaitable<json::value> { co_return json::value(text); },
        {.interval = 1h});
}

manager_options by_rule(decltype(crier::topic_rule::source) source) {
    manager_options options;
    crier::topic_rule devices;
    devices.matches = crier::starting_with("device/");
    devices.source = std::move(source);
    options.rules = {devices};
    options.log = [](crier::severity, std::string_view) {};
    return options;
}

} // namespace

TEST_CASE(
    "a rule makes what a topic is polled by, by its name, when it gets its first subscriber") {
    context test;
    texts asked;
    manager events{test.io.get_executor(), by_rule([&asked](std::string_view topic) {
                       asked.emplace_back(topic);
                       return saying("of " + std::string{topic});
                   })};
    events.publish("device/1", "nobody is there");
    CHECK(asked.empty());
    subscription one = events.subscribe("device/1");
    subscription two = events.subscribe("device/2");
    subscription other = events.subscribe("other");
    CHECK(asked == texts{"device/1", "device/2"});
    CHECK(read_all(test, one) == texts{"\"of device/1\""});
    CHECK(read_all(test, two) == texts{"\"of device/2\""});
    CHECK(read_all(test, other).empty());
    subscription late = events.subscribe("device/1");
    CHECK(asked.size() == 2);
    one.close();
    late.close();
    test.run();
    subscription again = events.subscribe("device/1");
    CHECK(asked == texts{"device/1", "device/2", "device/1"});
    CHECK(read_all(test, again) == texts{"\"of device/1\""});
}

TEST_CASE("a topic that was kept without subscribers is polled by its rule again") {
    context test;
    int asked = 0;
    manager_options options =
        by_rule([&asked](std::string_view) { return saying(std::to_string(++asked)); });
    options.rules[0].history.events = 8;
    manager events{test.io.get_executor(), std::move(options)};
    subscription first = events.subscribe("device/1");
    CHECK(read_all(test, first) == texts{"\"1\""});
    first.close();
    test.run();
    REQUIRE(events.stats().topics.size() == 1);
    CHECK_FALSE(events.stats().topics[0].polled);
    subscription second = events.subscribe("device/1");
    CHECK(read_all(test, second) == texts{"\"2\""});
}

TEST_CASE("a service that a subscriber brings goes before the rule's") {
    context test;
    int asked = 0;
    manager events{test.io.get_executor(), by_rule([&asked](std::string_view) {
                       ++asked;
                       return saying("by rule");
                   })};
    std::vector<topic_options> topics(1);
    topics[0].name = "device/1";
    topics[0].polling = saying("by hand");
    subscription mine = events.subscribe(std::move(topics));
    CHECK(read_all(test, mine) == texts{"\"by hand\""});
    CHECK(asked == 0);
}

TEST_CASE("a rule that has no service for a topic leaves it to whoever publishes") {
    context test;
    int asked = 0;
    manager events{test.io.get_executor(), by_rule([&asked](std::string_view) {
                       ++asked;
                       return std::shared_ptr<crier::polling_service>{};
                   })};
    subscription mine = events.subscribe("device/1");
    events.publish("device/1", "by hand");
    CHECK(asked == 1);
    CHECK(read_all(test, mine) == texts{"by hand"});
    CHECK_FALSE(events.stats().topics.at(0).polled);
}

TEST_CASE("what a rule's function throws, the subscriber gets, and nothing is subscribed") {
    context test;
    bool fails = true;
    manager events{test.io.get_executor(), by_rule([&fails](std::string_view topic) {
                       if (fails && topic == "device/2") {
                           throw std::runtime_error{"no such device"};
                       }
                       return saying("here");
                   })};
    std::vector<topic_options> both(2);
    both[0].name = "device/1";
    both[1].name = "device/2";
    CHECK_THROWS_WITH_AS(events.subscribe(both), "no such device", std::runtime_error);
    CHECK(events.stats().subscribers == 0);
    CHECK(events.stats().topics.empty());
    fails = false;
    subscription mine = events.subscribe(both);
    CHECK(read_all(test, mine) == texts{"\"here\"", "\"here\""});
}

TEST_CASE("a rule's function may use the manager, as it is called without a lock") {
    context test;
    manager* known = nullptr;
    manager events{test.io.get_executor(), by_rule([&known](std::string_view) {
                       known->publish("other", std::to_string(known->stats().subscribers));
                       return saying("here");
                   })};
    known = &events;
    subscription other = events.subscribe("other");
    subscription mine = events.subscribe("device/1");
    CHECK(read_all(test, other) == texts{"1"});
    CHECK(read_all(test, mine) == texts{"\"here\""});
}

TEST_CASE("after a shutdown no service is made any more") {
    context test;
    int asked = 0;
    manager events{test.io.get_executor(), by_rule([&asked](std::string_view) {
                       ++asked;
                       return saying("late");
                   })};
    events.shutdown();
    CHECK_THROWS_AS(events.subscribe("device/1"), boost::system::system_error);
    CHECK(asked == 0);
}

TEST_CASE("of many that subscribe first at once, all get the events of one service") {
    constexpr int many = 16;
    asio::thread_pool pool{2};
    std::atomic<int> starts{0};
    {
        manager events{pool.get_executor(), by_rule([&starts](std::string_view) {
                           return crier::polling(
                               [&starts]() -> asio::awaitable<json::value> {
                                   co_return json::value(++starts);
                               },
                               {.interval = 1h});
                       })};
        std::vector<std::thread> threads;
        std::vector<std::optional<subscription>> all(many);
        for (std::optional<subscription>& each : all) {
            threads.emplace_back([&] { each.emplace(events.subscribe("device/1")); });
        }
        for (std::thread& each : threads) {
            each.join();
        }
        CHECK(events.stats().topics.at(0).subscribers == many);
    }
    pool.join();
    CHECK(starts <= 1);
}
