#include <crier/pubsub/manager.hpp>
#include <crier/pubsub/on_demand.hpp>

#include "support/context.hpp"
#include "support/recorder.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using crier::on_demand;
using crier::test::context;
using crier::test::recorder;
namespace asio = boost::asio;
namespace json = boost::json;
using namespace std::chrono_literals;
using texts = std::vector<std::string>;

namespace {

/// A source whose beginning and end take as long as they are told, and tell what they see.
struct source {
    context& test;
    crier::clock::duration first{};
    crier::clock::duration last{};
    texts seen{};

    asio::awaitable<void> wait(crier::clock::duration time) {
        crier::timer until{test.io, time};
        co_await until.async_wait(asio::use_awaitable);
    }

    asio::awaitable<void> begin() {
        seen.emplace_back("first begins");
        if (first > 0s) {
            try {
                co_await wait(first);
            } catch (...) {
                seen.emplace_back("first is cancelled");
                throw;
            }
        }
        seen.emplace_back("first ends");
    }

    asio::awaitable<void> end() {
        seen.emplace_back("last begins");
        if (last > 0s) {
            co_await wait(last);
        }
        seen.emplace_back("last ends");
    }

    auto service() {
        return on_demand({.on_first_subscriber = [this](crier::publisher&) { return begin(); },
            .on_last_subscriber = [this] { return end(); }});
    }

    /// What was seen since it was last asked.
    texts news() { return std::exchange(seen, {}); }
};

const texts first_runs{"first begins", "first ends"};
const texts last_runs{"last begins", "last ends"};

/// Runs `stop` and tells whether it has completed.
struct stopping {
    bool done = false;

    stopping(context& test, crier::polling_service& service) { test.spawn(stop(service)); }

    asio::awaitable<void> stop(crier::polling_service& service) {
        co_await service.stop();
        done = true;
    }
};

std::vector<crier::topic_options> topic_of(std::shared_ptr<crier::polling_service> service) {
    return {crier::topic_options{.name = "a", .polling = std::move(service)}};
}

crier::manager_options silent() {
    return {.log = [](crier::severity, std::string_view) {}};
}

/// Calls its subscriber on the thread of whoever sends, one at a time.
class price_bus {
public:
    void subscribe(std::function<void(double)> callback) {
        const std::lock_guard lock{mutex_};
        callback_ = std::move(callback);
    }

    void unsubscribe() { subscribe({}); }

    void send(double price) {
        const std::lock_guard lock{mutex_};
        if (callback_) {
            callback_(price);
        }
    }

private:
    std::mutex mutex_;
    std::function<void(double)> callback_;
};

/// The example in the comment of `on_demand`.
auto prices_from(price_bus& bus) {
    auto prices = crier::on_demand(
        {.on_first_subscriber = [&bus](crier::publisher& to) -> asio::awaitable<void> {
             bus.subscribe([&to](double price) { to.publish(price); }); // on the bus's thread
             co_return;
         },
            .on_last_subscriber = [&bus]() -> asio::awaitable<void> {
                bus.unsubscribe(); // returns when no callback runs any more
                co_return;
            }});
    return prices;
}

/// Sends prices on a thread of its own for as long as it lives.
class market {
public:
    explicit market(price_bus& bus)
        : thread_{[this, &bus] {
              for (double price = 1; !closed_; ++price) {
                  bus.send(price);
                  std::this_thread::yield();
              }
          }} {}
    market(const market&) = delete;
    market& operator=(const market&) = delete;

    ~market() {
        closed_ = true;
        thread_.join();
    }

private:
    std::atomic<bool> closed_ = false;
    std::thread thread_;
};

} // namespace

TEST_CASE("what has begun goes on until the stop, which ends it once") {
    context test;
    recorder to{test};
    source from{test};
    const auto service = from.service();
    service->start(to);
    test.run();
    CHECK(from.news() == first_runs);
    test.advance(24h);
    CHECK(from.news().empty());
    CHECK(stopping{test, *service}.done);
    CHECK(from.news() == last_runs);
    CHECK(stopping{test, *service}.done);
    CHECK(from.news().empty());
    CHECK(to.lines.empty());
}

TEST_CASE("what is begun publishes, at once and later") {
    context test;
    recorder to{test};
    std::function<void(int)> push;
    const auto service =
        on_demand({.on_first_subscriber = [&](crier::publisher& target) -> asio::awaitable<void> {
            target.publish(1);
            push = [&target](int number) { target.publish(number); };
            co_return;
        }});
    service->start(to);
    test.run();
    push(2);
    CHECK(to.published == texts{"1", "2"});
    CHECK(stopping{test, *service}.done);
}

TEST_CASE("a missing beginning is refused, a missing end is fine") {
    context test;
    recorder to{test};
    const auto nothing = [](crier::publisher&) -> asio::awaitable<void> { co_return; };
    CHECK_THROWS_AS(on_demand({}), std::invalid_argument);
    CHECK_THROWS_AS(on_demand({.on_last_subscriber = {}}), std::invalid_argument);
    CHECK(on_demand({.on_first_subscriber = nothing, .linger = 30s})->linger() == 30s);
    const auto service = on_demand({.on_first_subscriber = nothing});
    CHECK(service->linger() == 0s);
    service->start(to);
    test.run();
    CHECK(stopping{test, *service}.done);
    CHECK(to.lines.empty());
}

TEST_CASE("stop cancels a beginning that still runs, waits for it, and then ends it") {
    context test;
    recorder to{test};
    source from{test, 1h, 3s};
    const auto service = from.service();
    service->start(to);
    test.run();
    const stopping first{test, *service};
    const stopping second{test, *service};
    CHECK(from.news() == texts{"first begins", "first is cancelled", "last begins"});
    CHECK_FALSE(first.done);
    test.advance(3s);
    CHECK(from.news() == texts{"last ends"});
    CHECK(first.done);
    CHECK(second.done);
    CHECK(to.lines.empty());
}

TEST_CASE("a beginning that does not listen to its cancellation is waited for") {
    context test;
    recorder to{test};
    texts order;
    crier::timer deaf{test.io, 7s};
    const auto service = on_demand(
        {.on_first_subscriber = [&](crier::publisher&) -> asio::awaitable<void> {
             co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation{});
             co_await deaf.async_wait(asio::use_awaitable);
             order.emplace_back("first ends");
         },
            .on_last_subscriber = [&]() -> asio::awaitable<void> {
                order.emplace_back("last begins");
                co_return;
            }});
    service->start(to);
    test.run();
    SUBCASE("when the stop comes first") {
        const stopping pending{test, *service};
        test.advance(6s);
        CHECK_FALSE(pending.done);
        CHECK(order.empty());
        test.advance(1s);
        CHECK(pending.done);
    }
    SUBCASE("and a stop that comes later ends it at once") {
        test.advance(7s);
        CHECK(order == texts{"first ends"});
        CHECK(stopping{test, *service}.done);
    }
    CHECK(order == texts{"first ends", "last begins"});
}

TEST_CASE("a beginning that throws is logged, and its end still comes once, with the stop") {
    for (const bool at_once : {true, false}) {
        context test;
        recorder to{test};
        source from{test};
        const auto failing = [](crier::publisher&) -> asio::awaitable<void> {
            throw std::runtime_error{"no bus"};
            co_return;
        };
        const auto throwing = [](crier::publisher&) -> asio::awaitable<void> {
            throw std::runtime_error{"no bus"};
        };
        crier::on_demand_options options{.on_last_subscriber = [&] { return from.end(); }};
        if (at_once) {
            options.on_first_subscriber = throwing;
        } else {
            options.on_first_subscriber = failing;
        }
        const auto service = on_demand(options);
        service->start(to);
        test.run();
        CHECK(to.lines == texts{"on_first_subscriber failed: no bus"});
        test.advance(1h);
        CHECK(from.news().empty());
        CHECK(stopping{test, *service}.done);
        CHECK(from.news() == last_runs);
        CHECK(stopping{test, *service}.done);
        CHECK(from.news().empty());
    }
}

TEST_CASE("an end that throws is logged, and the stop completes") {
    context test;
    recorder to{test};
    source from{test};
    const auto service =
        on_demand({.on_first_subscriber = [&](crier::publisher&) { return from.begin(); },
            .on_last_subscriber = []() -> asio::awaitable<void> {
                throw 7;
                co_return;
            }});
    service->start(to);
    test.run();
    CHECK(stopping{test, *service}.done);
    CHECK(to.lines == texts{"on_last_subscriber failed: unknown error"});
}

TEST_CASE("stop before start is fine, and after a stop the service starts again") {
    context test;
    recorder to{test};
    source from{test};
    const auto service = from.service();
    CHECK(stopping{test, *service}.done);
    CHECK(from.news().empty());
    for (int i = 0; i < 2; ++i) {
        service->start(to);
        test.run();
        CHECK(from.news() == first_runs);
        CHECK(stopping{test, *service}.done);
        CHECK(from.news() == last_runs);
    }
}

TEST_CASE("either function may call stop, which asks for the end and does not wait for itself") {
    context test;
    recorder to{test};
    texts order;
    std::shared_ptr<crier::polling_service> service;
    service = on_demand({.on_first_subscriber = [&](crier::publisher&) -> asio::awaitable<void> {
                             co_await service->stop();
                             order.emplace_back("first goes on");
                             crier::timer hold{test.io, 1h};
                             co_await hold.async_wait(asio::use_awaitable);
                             order.emplace_back("never");
                         },
        .on_last_subscriber = [&]() -> asio::awaitable<void> {
            co_await service->stop();
            crier::timer hold{test.io, 1s};
            co_await hold.async_wait(asio::use_awaitable);
            order.emplace_back("last ends");
        }});
    service->start(to);
    test.run();
    CHECK(order == texts{"first goes on"});
    const stopping pending{test, *service};
    CHECK_FALSE(pending.done);
    test.advance(1s);
    CHECK(pending.done);
    CHECK(order == texts{"first goes on", "last ends"});
    CHECK(to.lines.empty());
}

TEST_CASE("a service may outlive its context") {
    std::shared_ptr<crier::polling_service> service;
    {
        context test;
        recorder to{test};
        service = on_demand(
            {.on_first_subscriber = [](crier::publisher&) -> asio::awaitable<void> { co_return; }});
        service->start(to);
        test.io.poll();
        CHECK(stopping{test, *service}.done);
    }
    service.reset();
}

TEST_CASE("a topic's first subscriber begins it and its last one ends it") {
    context test;
    crier::manager events{test.io.get_executor()};
    source from{test};
    const auto topics = topic_of(from.service());
    std::optional<crier::subscription> first{events.subscribe(topics)};
    std::optional<crier::subscription> second{events.subscribe(topics)};
    test.run();
    CHECK(from.news() == first_runs);
    first.reset();
    test.run();
    CHECK(from.news().empty());
    second.reset();
    test.run();
    CHECK(from.news() == last_runs);
    first.emplace(events.subscribe(topics));
    test.run();
    CHECK(from.news() == first_runs);
    first.reset();
    test.run();
}

TEST_CASE("who leaves and returns at once gets a new beginning after the end of the old one") {
    context test;
    crier::manager events{test.io.get_executor()};
    source from{test, 1h, 2s};
    const auto topics = topic_of(from.service());
    std::optional<crier::subscription> mine{events.subscribe(topics)};
    test.run();
    mine.reset();
    mine.emplace(events.subscribe(topics));
    test.run();
    CHECK(from.news() == texts{"first begins", "first is cancelled", "last begins"});
    mine.reset();
    mine.emplace(events.subscribe(topics));
    from.first = 0s;
    test.advance(2s);
    CHECK(from.news() == texts{"last ends", "first begins", "first ends"});
    mine.reset();
    test.run();
    test.advance(2s);
    CHECK(from.news() == last_runs);
}

TEST_CASE("who leaves before anything ran has begun and ended it") {
    context test;
    crier::manager events{test.io.get_executor()};
    source from{test};
    events.subscribe(topic_of(from.service()));
    test.run();
    CHECK(from.news() == texts{"first begins", "first ends", "last begins", "last ends"});
}

TEST_CASE("a shutdown ends it") {
    context test;
    crier::manager events{test.io.get_executor()};
    source from{test};
    const auto mine = events.subscribe(topic_of(from.service()));
    test.run();
    events.shutdown();
    test.run();
    CHECK(from.news() == texts{"first begins", "first ends", "last begins", "last ends"});
}

TEST_CASE("a manager that goes ends it, also while it is still beginning") {
    context test;
    source from{test, 1h};
    std::optional<crier::manager> events{test.io.get_executor()};
    std::optional<crier::subscription> mine{events->subscribe(topic_of(from.service()))};
    test.run();
    events.reset();
    test.run();
    CHECK(from.news() == texts{"first begins", "first is cancelled", "last begins", "last ends"});
    mine.reset();
}

TEST_CASE("a bus on its own thread publishes from the first subscriber to the last") {
    context test;
    std::optional<crier::manager> events;
    events.emplace(test.io.get_executor(), silent());
    price_bus bus;
    const auto topics = topic_of(prices_from(bus));
    const market open{bus};
    std::optional<crier::subscription> mine;
    for (int i = 0; i < 20; ++i) {
        mine.emplace(events->subscribe(topics));
        CHECK(test.run_until([&] { return mine->pending() > 0; }));
        mine.reset();
        test.run();
    }
    mine.emplace(events->subscribe(topics));
    CHECK(test.run_until([&] { return mine->pending() > 0; }));
    events.reset();
    test.run();
    mine.reset();
}

TEST_CASE("on many threads too it begins and ends in turn, also when others stop it as well") {
    asio::thread_pool pool{2};
    price_bus bus;
    // On the publisher's strand alone: the thread sanitizer sees whether that holds.
    bool running = false;
    std::atomic<int> begun = 0;
    const auto service =
        on_demand({.on_first_subscriber = [&](crier::publisher& to) -> asio::awaitable<void> {
                       CHECK_FALSE(std::exchange(running, true));
                       bus.subscribe([&to](double price) { to.publish(price); });
                       ++begun;
                       co_await asio::post(asio::use_awaitable);
                   },
            .on_last_subscriber = [&]() -> asio::awaitable<void> {
                bus.unsubscribe();
                co_await asio::post(asio::use_awaitable);
                CHECK(std::exchange(running, false));
            }});
    {
        crier::manager events{pool.get_executor(), silent()};
        const market open{bus};
        for (int round = 0; round < 60; ++round) {
            const int before = begun;
            const auto mine = events.subscribe(topic_of(service));
            while (round % 2 == 0 && begun == before) {
                std::this_thread::yield();
            }
            if (round % 3 == 0) {
                asio::co_spawn(pool, service->stop(), asio::detached);
                asio::co_spawn(pool, service->stop(), asio::detached);
            }
        }
    }
    pool.join();
    CHECK(begun >= 30);
    CHECK_FALSE(running);
}
