#include <crier/async/single_thread.hpp>
#include <crier/pubsub/manager.hpp>
#include <crier/wire/errc.hpp>

#include "support/read_all.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>

#include <atomic>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

using crier::errc;
using crier::event;
using crier::manager;
using crier::manager_options;
using crier::publish_options;
using crier::subscription;
using crier::topic_options;
using crier::test::context;
using crier::test::read_all;
using crier::test::topics;
namespace asio = boost::asio;
using texts = std::vector<std::string>;

namespace {

/// Counts its starts and stops; a stop may be held up.
class counting_service final : public crier::polling_service {
public:
    int starts = 0;
    int stops = 0;
    crier::publisher* to = nullptr;
    std::optional<crier::timer> hold;

    void start(crier::publisher& publisher) override {
        ++starts;
        to = &publisher;
    }

    asio::awaitable<void> stop() override {
        if (hold) {
            boost::system::error_code ignored;
            co_await hold->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        ++stops;
    }
};

std::vector<topic_options> polled(
    std::string name, std::shared_ptr<crier::polling_service> service) {
    std::vector<topic_options> result(1);
    result[0].name = std::move(name);
    result[0].polling = std::move(service);
    return result;
}

} // namespace

TEST_CASE("all subscribers of a topic get its events, and nobody else does") {
    context test;
    manager events{test.io.get_executor()};
    subscription first = events.subscribe("a");
    subscription second = events.subscribe("a");
    subscription other = events.subscribe("b");
    events.publish("a", "1");
    events.publish("a", event{.type = "t", .data = "2"});
    events.publish("c", "nobody");
    CHECK(read_all(test, first) == texts{"1", "t=2"});
    CHECK(read_all(test, second) == texts{"1", "t=2"});
    CHECK(read_all(test, other).empty());
}

TEST_CASE("text goes as it is, everything else that converts to JSON as one line of it") {
    context test;
    manager events{test.io.get_executor()};
    subscription mine = events.subscribe("a");
    events.publish("a", "{\"raw\": 1}");
    events.publish("a", std::string{"text"});
    events.publish("a", boost::json::parse(R"({"x": ["\u000d\n", 1.5]})"));
    events.publish("a", std::map<std::string, int>{{"y", 2}}, {.type = "typed"});
    events.publish("a", std::vector<int>{1, 2});
    events.publish("a", 7);
    CHECK(read_all(test, mine) == texts{"{\"raw\": 1}", "text", R"({"x":["\r\n",1.5E0]})",
                                      R"(typed={"y":2})", "[1,2]", "7"});
}

TEST_CASE("ids rise over all topics, also without a subscriber") {
    context test;
    manager events{test.io.get_executor()};
    subscription mine = events.subscribe("a");
    const auto first = *events.publish("nobody", "1");
    const auto second = *events.publish("a", "2");
    const auto third = *events.publish("b", "3");
    CHECK(first < second);
    CHECK(second < third);
    CHECK(third.sequence == 3);
    CHECK(first.epoch == third.epoch);
    CHECK(crier::to_string({.epoch = 36, .sequence = 35}) == "10.z");
    manager others{test.io.get_executor()};
    CHECK(others.publish("a", "1")->epoch != first.epoch);
}

TEST_CASE("without a subscriber nothing is converted or encoded") {
    context test;
    manager events{test.io.get_executor()};
    CHECK(events.publish("a", "\xff").has_value());
    const subscription mine = events.subscribe("a");
    CHECK(events.publish("a", "\xff").error() == errc::invalid_utf8);
    CHECK(events.publish("a", "x", {.type = "a\nb"}).error() == errc::invalid_type);
    CHECK(events.stats().published == 1);
}

TEST_CASE("a subscription of several topics sees them in one order") {
    context test;
    manager events{test.io.get_executor()};
    subscription both = events.subscribe(topics({"a", "b"}));
    events.publish("a", "1");
    events.publish("b", "2");
    events.publish("c", "3");
    events.publish("a", "4");
    CHECK(read_all(test, both) == texts{"1", "2", "4"});
    CHECK(events.stats().subscribers == 1);
    CHECK(events.stats().topics.size() == 2);
    both.close();
    CHECK(events.stats().topics.empty());
    CHECK_THROWS_AS(events.subscribe(topics({"a", "a"})), std::invalid_argument);
    CHECK_THROWS_AS(events.subscribe(topics({})), std::invalid_argument);
}

TEST_CASE("a topic goes at once with its last subscriber") {
    context test;
    manager events{test.io.get_executor()};
    subscription first = events.subscribe("a");
    {
        const subscription second = events.subscribe("a");
        CHECK(events.stats().topics.at(0).subscribers == 2);
    }
    CHECK(events.stats().topics.at(0).subscribers == 1);
    first.close();
    first.close();
    CHECK(events.stats().topics.empty());
    CHECK(events.stats().subscribers == 0);
}

TEST_CASE("leaving in any order keeps the others' events coming") {
    context test;
    manager events{test.io.get_executor()};
    std::vector<std::optional<subscription>> all;
    for (int i = 0; i < 8; ++i) {
        all.emplace_back(events.subscribe(i % 2 == 0 ? topics({"a", "b"}) : topics({"b", "a"})));
    }
    for (const std::size_t leaver : {3U, 0U, 7U, 4U}) {
        all[leaver].reset();
        events.publish("a", "1");
        events.publish("b", "2");
        for (auto& left : all) {
            if (left) {
                CHECK(read_all(test, *left) == texts{"1", "2"});
            }
        }
    }
}

TEST_CASE("a full subscriber misses the newest event, is logged once, and stays") {
    texts lines;
    context test;
    manager events{test.io.get_executor(),
        {.ids = false, .queue = {.events = 3}, .log = [&](crier::severity, std::string_view line) {
             lines.emplace_back(line);
         }}};
    subscription slow = events.subscribe("a\nb");
    for (int i = 0; i < 5; ++i) {
        events.publish("a\nb", i);
    }
    CHECK(read_all(test, slow) == texts{"0", "1", "2"});
    events.publish("a\nb", 5);
    CHECK(read_all(test, slow) == texts{"5"});
    CHECK(slow.dropped() == 2);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find("\"a\\nb\"") != std::string::npos);
}

TEST_CASE("a logger that throws takes nothing from anybody") {
    int calls = 0;
    context test;
    manager events{test.io.get_executor(),
        {.ids = false, .queue = {.events = 1}, .log = [&](crier::severity, std::string_view) {
             ++calls;
             throw std::runtime_error{"the log is full"};
         }}};
    subscription slow = events.subscribe("t");
    subscription next = events.subscribe("t");
    CHECK(events.publish("t", 0));
    CHECK(events.publish("t", 1));
    CHECK(read_all(test, slow) == texts{"0"});
    CHECK(read_all(test, next) == texts{"0"});
    CHECK(calls > 0);
    CHECK_FALSE(events.publish("t", crier::event{.type = "crier.gap", .data = "x"}));
    CHECK(events.publish("t", 2));
    CHECK(read_all(test, slow) == texts{"2"});
    CHECK(read_all(test, next) == texts{"2"});
}

TEST_CASE("64 events may wait by default, and a subscription may have its own bound") {
    context test;
    manager events{
        test.io.get_executor(), {.ids = false, .log = [](crier::severity, std::string_view) {}}};
    subscription usual = events.subscribe("a");
    subscription roomy = events.subscribe("a", {.queue = crier::queue_limits{.events = 100}});
    for (int i = 0; i < 70; ++i) {
        events.publish("a", i);
    }
    test.run();
    CHECK(usual.pending() == 64);
    CHECK(roomy.pending() == 70);
}

TEST_CASE("stats count events, their bytes and what was dropped, in all and by topic") {
    context test;
    manager events{test.io.get_executor(),
        {.ids = false, .queue = {.events = 1}, .log = [](crier::severity, std::string_view) {}}};
    const subscription a1 = events.subscribe("a");
    const subscription a2 = events.subscribe("a");
    const subscription b = events.subscribe("b");
    events.publish("a", "x");
    events.publish("a", "y");
    events.publish("b", "zz");
    test.run();
    const crier::manager_stats stats = events.stats();
    CHECK(stats.published == 3);
    CHECK(stats.delivered == 3);
    CHECK(stats.dropped == 2);
    CHECK(stats.bytes == 9 + 9 + 10);
    CHECK(stats.subscribers == 3);
    REQUIRE(stats.topics.size() == 2);
    CHECK(stats.topics[0].name == "a");
    CHECK(stats.topics[0].subscribers == 2);
    CHECK(stats.topics[0].published == 2);
    CHECK(stats.topics[0].delivered == 2);
    CHECK(stats.topics[0].dropped == 2);
    CHECK(stats.topics[0].bytes == 18);
    CHECK_FALSE(stats.topics[0].polled);
}

TEST_CASE("with only_changes an equal value is not sent again, whatever the order of its keys") {
    context test;
    manager events{test.io.get_executor()};
    subscription mine = events.subscribe("a");
    const publish_options changes{.only_changes = true};
    const auto publish = [&](const char* text) {
        return events.publish("a", boost::json::parse(text), changes);
    };
    const auto first = *publish(R"({"x":1,"y":[1,2]})");
    CHECK(*publish(R"({"y":[1,2],"x":1})") == first);
    CHECK(read_all(test, mine).size() == 1);
    CHECK(*publish(R"({"y":[2,1],"x":1})") > first);
    CHECK(read_all(test, mine).size() == 1);
    events.publish("a", "plain", changes);
    events.publish("a", "plain", changes);
    CHECK(read_all(test, mine) == texts{"plain"});
    events.publish("a", "plain", {.type = "other", .only_changes = true});
    CHECK(read_all(test, mine) == texts{"other=plain"});
}

TEST_CASE("with only_changes a subscriber that has received nothing yet gets the equal value") {
    context test;
    manager events{test.io.get_executor()};
    std::vector<topic_options> changing = topics({"a"});
    changing[0].only_changes = true;
    subscription early = events.subscribe(changing);
    events.publish("a", "1");
    subscription late = events.subscribe("a");
    events.publish("a", "1");
    events.publish("a", "1");
    CHECK(read_all(test, early) == texts{"1"});
    CHECK(read_all(test, late) == texts{"1"});
}

TEST_CASE("a value that was published without only_changes in between is a change") {
    context test;
    manager events{test.io.get_executor()};
    subscription mine = events.subscribe("a");
    events.publish("a", "1", {.only_changes = true});
    events.publish("a", "2");
    events.publish("a", "1", {.only_changes = true});
    CHECK(read_all(test, mine) == texts{"1", "2", "1"});
}

TEST_CASE("a polling service runs from the first subscriber to the last") {
    context test;
    manager events{test.io.get_executor()};
    const auto service = std::make_shared<counting_service>();
    const auto ignored = std::make_shared<counting_service>();
    subscription first = events.subscribe(polled("a", service));
    subscription second = events.subscribe(polled("a", ignored));
    test.run();
    CHECK(service->starts == 1);
    CHECK(events.stats().topics.at(0).polled);
    service->to->publish(boost::json::value(1));
    CHECK(read_all(test, first) == texts{"1"});
    first.close();
    test.run();
    CHECK(service->stops == 0);
    second.close();
    CHECK(service->stops == 0);
    test.run();
    CHECK(service->stops == 1);
    CHECK(ignored->starts == 0);
}

TEST_CASE("a subscribe while the old polling still stops gets a fresh topic at once") {
    context test;
    manager events{test.io.get_executor()};
    const auto slow = std::make_shared<counting_service>();
    slow->hold.emplace(test.io, std::chrono::seconds{10});
    std::optional<subscription> first{events.subscribe(polled("a", slow))};
    test.run();
    first.reset();
    test.run();
    const auto other = std::make_shared<counting_service>();
    subscription second = events.subscribe(polled("a", other));
    test.run();
    CHECK(other->starts == 1);
    slow->to->publish(boost::json::value("of the old topic"));
    other->to->publish(boost::json::value("new"));
    events.publish("a", "any");
    CHECK(read_all(test, second) == texts{"\"new\"", "any"});
    CHECK(slow->stops == 0);
    test.advance(std::chrono::seconds{10});
    CHECK(slow->stops == 1);
}

TEST_CASE("the same service object starts again only after it has stopped") {
    context test;
    manager events{test.io.get_executor()};
    const auto slow = std::make_shared<counting_service>();
    slow->hold.emplace(test.io, std::chrono::seconds{10});
    std::optional<subscription> mine{events.subscribe(polled("a", slow))};
    test.run();
    mine.reset();
    mine.emplace(events.subscribe(polled("a", slow)));
    test.run();
    CHECK(slow->starts == 1);
    mine.reset();
    mine.emplace(events.subscribe(polled("a", slow)));
    test.advance(std::chrono::seconds{10});
    CHECK(slow->stops == 1);
    CHECK(slow->starts == 2);
    slow->to->publish(boost::json::value(1));
    CHECK(read_all(test, *mine) == texts{"1"});
}

TEST_CASE("a service that does not start is logged, and the topic works") {
    class failing final : public crier::polling_service {
        void start(crier::publisher&) override { throw std::runtime_error{"no sensor"}; }
        asio::awaitable<void> stop() override { co_return; }
    };
    texts lines;
    context test;
    manager events{test.io.get_executor(),
        {.log = [&](crier::severity, std::string_view line) { lines.emplace_back(line); }}};
    subscription mine = events.subscribe(polled("a", std::make_shared<failing>()));
    events.publish("a", "1");
    CHECK(read_all(test, mine) == texts{"1"});
    REQUIRE_FALSE(lines.empty());
    CHECK(lines[0].find("no sensor") != std::string::npos);
}

TEST_CASE("shutdown ends subscriptions, stops polling and refuses what comes later") {
    context test;
    std::optional<manager> events{std::in_place, test.io.get_executor()};
    const auto service = std::make_shared<counting_service>();
    subscription mine = events->subscribe(polled("a", service));
    events->publish("a", "before");
    events->shutdown();
    events->shutdown();
    CHECK(events->is_shut_down());
    CHECK(events->publish("a", "after").error() == errc::shut_down);
    CHECK_THROWS_AS(events->subscribe("a"), boost::system::system_error);
    events.reset();
    CHECK(read_all(test, mine) == texts{"before"});
    CHECK(service->stops == 1);
    std::optional<boost::system::error_code> end;
    // The wake-up for what was published comes first.
    for (int i = 0; i < 2; ++i) {
        mine.async_wait([&](boost::system::error_code error) { end = error; });
        test.run();
    }
    CHECK(end == errc::closed);
}

TEST_CASE("destroying the manager shuts it down") {
    context test;
    const auto service = std::make_shared<counting_service>();
    std::optional<subscription> mine;
    {
        manager events{test.io.get_executor()};
        mine.emplace(events.subscribe(polled("a", service)));
    }
    test.run();
    CHECK(service->stops == service->starts);
    mine.reset();
}

TEST_CASE("options that make no sense are refused, a heartbeat of zero is the default") {
    context test;
    CHECK_THROWS_AS(
        (manager{test.io.get_executor(), {.queue = {.events = 0}}}), std::invalid_argument);
    CHECK_THROWS_AS(
        (manager{test.io.get_executor(), {.heartbeat_text = "\xff"}}), std::invalid_argument);
    const manager quiet{test.io.get_executor(), {.heartbeat_interval = -std::chrono::seconds{1}}};
}

TEST_CASE("all limits may be as great as they can be") {
    constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    constexpr crier::history_limits all{
        .events = none, .bytes = none, .age = std::chrono::milliseconds::max()};
    for (const auto policy :
        {crier::overflow_policy::drop_newest, crier::overflow_policy::drop_oldest,
            crier::overflow_policy::conflate, crier::overflow_policy::conflate_always,
            crier::overflow_policy::signal, crier::overflow_policy::disconnect}) {
        const crier::queue_limits queue{.events = none, .bytes = none, .overflow = policy};
        crier::manager_options options;
        options.heartbeat_interval = std::chrono::milliseconds::max();
        options.queue = queue;
        options.rules.push_back({.matches = crier::exactly("b"),
            .history = all,
            .retain = crier::retention::newest_per_key,
            .queue = queue});
        options.memory_limit = none;
        options.topics_limit = none;
        options.keys_limit = none;
        options.name_bytes = none;
        options.key_bytes = none;
        context test;
        manager events{test.io.get_executor(), options};
        subscription early = events.subscribe({{.name = "a"}, {.name = "b"}}, {.queue = queue});
        const std::string first = to_string(events.publish("b", 0).value());
        for (int i = 1; i < 100; ++i) {
            events.publish("b", i, {.key = std::to_string(i)}).value();
        }
        CHECK(read_all(test, early).size() == 100);
        CHECK(early.dropped() == 0);
        subscription late = events.subscribe("b", {.last_event_id = first});
        CHECK(read_all(test, late).size() == 99);
        subscription latest = events.subscribe("b");
        CHECK(read_all(test, latest).size() == 100);
    }
}

TEST_CASE("a context that goes takes with it what never ran") {
    const auto service = std::make_shared<counting_service>();
    {
        asio::io_context io{1};
        manager events{io.get_executor()};
        const auto mine = std::make_shared<subscription>(events.subscribe(polled("a", service)));
        events.publish("a", "1");
        mine->async_wait([mine](boost::system::error_code) {});
        asio::co_spawn(
            io,
            [](std::shared_ptr<subscription> kept) -> asio::awaitable<void> {
                co_await kept->async_receive();
            }(mine),
            asio::detached);
    }
    CHECK(service.use_count() == 1);
}

TEST_CASE("what a resumed waiter throws keeps no other subscriber from its events") {
    context test;
    manager events{test.io.get_executor()};
    subscription first = events.subscribe("a");
    subscription second = events.subscribe("a");
    bool woken = false;
    first.async_wait([](boost::system::error_code) { throw std::runtime_error{"from a handler"}; });
    second.async_wait([&](boost::system::error_code) { woken = true; });
    test.io.restart();
    events.publish("a", "1");
    CHECK_THROWS_AS(test.io.poll(), std::runtime_error);
    test.run();
    CHECK(woken);
    events.publish("a", "2");
    CHECK(read_all(test, first) == texts{"1", "2"});
    CHECK(read_all(test, second) == texts{"1", "2"});
}

TEST_CASE("64 concurrent first subscribers make one topic and start its polling once") {
    asio::thread_pool pool{2};
    const auto service = std::make_shared<counting_service>();
    {
        manager events{pool.get_executor()};
        std::vector<std::thread> threads;
        std::vector<std::optional<subscription>> all(64);
        std::atomic<int> ready{0};
        for (auto& mine : all) {
            threads.emplace_back([&] {
                ++ready;
                while (ready < 64) {
                    std::this_thread::yield();
                }
                mine.emplace(events.subscribe(polled("a", service)));
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        CHECK(events.stats().topics.size() == 1);
        CHECK(events.stats().topics[0].subscribers == 64);
    }
    pool.join();
    CHECK(service->starts == 1);
    CHECK(service->stops == 1);
}

TEST_CASE("64 threads publish, subscribe and leave") {
    asio::thread_pool pool{4};
    {
        manager events{pool.get_executor(), {.log = [](crier::severity, std::string_view) {}}};
        std::vector<std::shared_ptr<counting_service>> services(3);
        for (auto& service : services) {
            service = std::make_shared<counting_service>();
        }
        std::vector<std::thread> threads;
        for (std::size_t number = 0; number < 64; ++number) {
            threads.emplace_back([&, number] {
                for (std::size_t round = 0; round < 40; ++round) {
                    const std::string topic{"abc"[(number + round) % 3]};
                    subscription mine =
                        events.subscribe(polled(topic, services[(number + round) % 3]));
                    events.publish(topic, round, {.only_changes = number % 2 == 0});
                    events.publish("b", "text");
                    if (round % 4 == 0) {
                        mine.close();
                    }
                    CHECK(events.stats().subscribers <= 64);
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        CHECK(events.stats().topics.empty());
        CHECK(events.stats().subscribers == 0);
        CHECK(events.stats().published <= 64 * 40 * 2);
        events.shutdown();
        pool.join();
        for (const auto& service : services) {
            CHECK(service->starts == service->stops);
        }
    }
}

TEST_CASE("racing publishers give one order, the same for everyone over all topics") {
    asio::thread_pool pool{2};
    {
        manager events{pool.get_executor()};
        std::vector<subscription> all;
        for (int i = 0; i < 4; ++i) {
            all.push_back(events.subscribe(
                topics({"a", "b", "c"}), {.queue = crier::queue_limits{100'000, 100'000'000}}));
        }
        std::vector<std::thread> threads;
        for (int number = 0; number < 8; ++number) {
            threads.emplace_back([&, number] {
                for (int round = 0; round < 500; ++round) {
                    events.publish(std::string{"abc"[round % 3]}, number * 1'000 + round);
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        pool.join();
        texts first;
        for (subscription& each : all) {
            texts mine;
            while (const auto next = each.try_receive()) {
                mine.emplace_back(next->text());
            }
            CHECK(mine.size() == 4'000);
            first = first.empty() ? mine : first;
            CHECK(mine == first);
        }
    }
}

TEST_CASE("of two subscriptions that are received from at once, the slower one loses nothing") {
    using namespace asio::experimental::awaitable_operators;
    context test;
    crier::promise_single_thread(test.io);
    crier::manager events{test.io.get_executor()};
    crier::subscribe_options here;
    here.executor = test.io.get_executor();
    std::vector<crier::subscription> from;
    for (const char* name : {"a", "b"}) {
        from.push_back(events.subscribe(name, here));
    }
    for (int i = 0; i < 10; ++i) {
        events.publish("a", i);
        events.publish("b", i);
    }
    test.run();
    std::size_t received = 0;
    asio::co_spawn(
        test.io,
        [&]() -> asio::awaitable<void> {
            while (received < 20) {
                std::variant<crier::frame, crier::frame> next =
                    co_await (from[0].async_receive(asio::use_awaitable) ||
                              from[1].async_receive(asio::use_awaitable));
                ++received;
            }
        },
        asio::detached);
    test.run();
    CHECK(received == 20);
    CHECK(from[0].pending() + from[1].pending() == 0);
}
