#include <crier/pubsub/manager.hpp>
#include <crier/pubsub/on_demand.hpp>

#include "support/read_all.hpp"

#include <optional>
#include <string>
#include <vector>

using crier::manager;
using crier::manager_options;
using crier::subscription;
using crier::topic_options;
using crier::test::context;
using crier::test::read_all;
namespace asio = boost::asio;
using namespace std::chrono_literals;
using texts = std::vector<std::string>;

namespace {

/// Counts its starts and stops, and lingers.
class lingering final : public crier::polling_service {
public:
    explicit lingering(std::chrono::milliseconds longest) : longest_{longest} {}

    int starts = 0;
    int stops = 0;
    crier::publisher* to = nullptr;

    void start(crier::publisher& publisher) override {
        ++starts;
        to = &publisher;
    }
    asio::awaitable<void> stop() override {
        ++stops;
        co_return;
    }
    std::chrono::milliseconds linger() const noexcept override { return longest_; }

private:
    std::chrono::milliseconds longest_;
};

struct topic {
    context test;
    std::shared_ptr<lingering> service;
    manager events;

    explicit topic(std::chrono::milliseconds longest, crier::history_limits history = {})
        : service{std::make_shared<lingering>(longest)},
          events{test.io.get_executor(), [&] {
                     crier::manager_options options;
                     options.log = [](crier::severity, std::string_view) {};
                     options.rules.push_back(
                         {.matches = crier::starting_with(""), .history = history});
                     return options;
                 }()} {}

    subscription subscribe() {
        std::vector<topic_options> topics(1);
        topics[0].name = "a";
        topics[0].polling = service;
        subscription made = events.subscribe(topics);
        test.run();
        return made;
    }
};

} // namespace

TEST_CASE("polling goes on for its linger time after the last subscriber, and then stops") {
    topic t{5s};
    {
        const subscription first = t.subscribe();
    }
    t.test.advance(4999ms);
    CHECK(t.service->stops == 0);
    t.test.advance(1ms);
    CHECK(t.service->stops == 1);
    CHECK(t.events.stats().topics.empty());
    {
        const subscription again = t.subscribe();
    }
    CHECK(t.service->starts == 2);
}

TEST_CASE("who comes back meanwhile finds it running, and the time begins anew when he leaves") {
    topic t{5s};
    std::optional<subscription> first{t.subscribe()};
    first.reset();
    t.test.advance(4s);
    std::optional<subscription> second{t.subscribe()};
    t.test.advance(100s);
    CHECK(t.service->starts == 1);
    CHECK(t.service->stops == 0);
    second.reset();
    t.test.advance(4s);
    CHECK(t.service->stops == 0);
    t.test.advance(1s);
    CHECK(t.service->stops == 1);
}

TEST_CASE("without a linger time it stops at once, also where the topic lives on") {
    topic t{0s, {.events = 10, .age = 1min}};
    std::optional<subscription> first{t.subscribe()};
    t.service->to->publish(boost::json::value(1));
    first.reset();
    t.test.run();
    CHECK(t.service->stops == 1);
    CHECK(t.events.stats().topics.size() == 1);
    CHECK_FALSE(t.events.stats().topics[0].polled);
    first.emplace(t.subscribe());
    CHECK(t.service->starts == 2);
    CHECK(t.events.stats().topics[0].polled);
}

TEST_CASE("what a run publishes after its stop reaches no topic that lives on") {
    topic t{0s, {.events = 10, .age = 1min}};
    std::optional<subscription> first{t.subscribe()};
    t.service->to->publish(boost::json::value(1));
    crier::publisher* const before = t.service->to;
    first.reset();
    before->publish(boost::json::value(2));
    CHECK(t.events.stats().topics[0].history == 1);
    t.test.run();
}

TEST_CASE("while it lingers what it publishes is kept for those who come back") {
    topic t{10s, {.events = 10, .age = 1min}};
    std::optional<subscription> first{t.subscribe()};
    t.service->to->publish(boost::json::value(1));
    const auto read = crier::test::read_events(t.test, *first);
    REQUIRE(read.size() == 1);
    first.reset();
    t.test.advance(9s);
    t.service->to->publish(boost::json::value(2));
    subscription back = t.events.subscribe("a", {.last_event_id = read[0].id});
    CHECK(read_all(t.test, back) == texts{"2"});
    t.test.advance(100s);
    CHECK(t.service->stops == 0);
}

TEST_CASE("a topic that lingers ends at once with its manager") {
    std::shared_ptr<lingering> service;
    {
        topic t{1h};
        service = t.service;
        {
            const subscription first = t.subscribe();
        }
        t.test.advance(1min);
        CHECK(service->stops == 0);
        t.events.shutdown();
        t.test.run();
        CHECK(service->stops == 1);
    }
    CHECK(service->starts == 1);
}

TEST_CASE("callbacks that linger are those of the first and the last subscriber in a row") {
    context test;
    texts calls;
    crier::on_demand_options options;
    options.on_first_subscriber = [&calls](crier::publisher& to) -> asio::awaitable<void> {
        calls.emplace_back("first");
        to.publish(boost::json::value("pushed"));
        co_return;
    };
    options.on_last_subscriber = [&calls]() -> asio::awaitable<void> {
        calls.emplace_back("last");
        co_return;
    };
    options.linger = 3s;
    manager events{test.io.get_executor()};
    std::vector<topic_options> topics(1);
    topics[0].name = "bus";
    topics[0].polling = crier::on_demand(options);
    std::optional<subscription> mine{events.subscribe(topics)};
    CHECK(read_all(test, *mine) == texts{"\"pushed\""});
    mine.reset();
    test.advance(2s);
    mine.emplace(events.subscribe(topics));
    test.run();
    mine.reset();
    test.advance(3s);
    CHECK(calls == texts{"first", "last"});
}

TEST_CASE("nothing is waited for after a shutdown, also where memory ran short before") {
    context test;
    manager_options options;
    options.log = [](crier::severity, std::string_view) {};
    options.memory_limit = 20'000;
    options.rules.push_back(
        {.matches = crier::starting_with(""), .history = {.events = 1000, .age = 1h}});
    manager events{test.io.get_executor(), options};
    const subscription other = events.subscribe("b");
    events.publish("a", "1");
    test.run();
    for (int i = 0; i < 100; ++i) {
        events.publish("b", std::string(1000, 'x'));
    }
    CHECK(events.stats().topics.size() == 1);
    events.shutdown();
    test.run();
    CHECK(test.io.stopped());
}

TEST_CASE("a subscription that had not read all of the past may outlive its topic") {
    std::optional<subscription> late;
    context test;
    {
        manager_options options;
        options.rules.push_back({.matches = crier::starting_with(""), .history = {.events = 3}});
        manager events{test.io.get_executor(), options};
        const crier::event_id first = events.publish("a", "x").value();
        static_cast<void>(events.publish("a", "y"));
        late = events.subscribe("a", {.last_event_id = crier::to_string(first)});
        events.shutdown();
        late.reset();
        test.run();
        CHECK(events.stats().topics.empty());
        CHECK(events.stats().memory < 1000);
    }
}
