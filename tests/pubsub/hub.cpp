#include <crier/pubsub/hub.hpp>
#include <crier/wire/errc.hpp>

#include "support/context.hpp"

#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using boost::system::error_code;
using boost::uuids::uuid;
using crier::errc;
using crier::test::context;
namespace asio = boost::asio;
using hub = crier::hub<uuid>;

namespace {

std::optional<error_code> wait_now(context& test, hub::subscription& on) {
    std::optional<error_code> result;
    on.async_wait([&](error_code error) { result = error; });
    test.run();
    if (!result) {
        on.close();
        test.run();
        CHECK(result == errc::closed);
        return std::nullopt;
    }
    return result;
}

const uuid some_id = boost::uuids::random_generator{}();
const uuid other_id = boost::uuids::random_generator{}();

} // namespace

TEST_CASE("several publishes before a wake give exactly one wake") {
    context test;
    hub signals{test.io.get_executor()};
    auto listening = signals.subscribe(some_id);
    signals.publish(some_id);
    signals.publish(some_id);
    CHECK(wait_now(test, listening) == error_code{});
    CHECK(wait_now(test, listening) == std::nullopt);
}

TEST_CASE("a publish wakes all subscriptions of its id and no other") {
    context test;
    hub signals{test.io.get_executor()};
    auto first = signals.subscribe(some_id);
    auto second = signals.subscribe(some_id);
    auto other = signals.subscribe(other_id);
    signals.publish(some_id);
    CHECK(first.try_wait());
    CHECK(second.try_wait());
    CHECK_FALSE(other.try_wait());
}

TEST_CASE("publishing to an unknown id does nothing") {
    context test;
    hub signals{test.io.get_executor()};
    signals.publish(some_id);
    auto late = signals.subscribe(some_id);
    CHECK_FALSE(late.try_wait());
    CHECK(signals.size() == 1);
}

TEST_CASE("size counts all subscriptions over all ids") {
    context test;
    hub signals{test.io.get_executor()};
    CHECK(signals.size() == 0);
    {
        auto first = signals.subscribe(some_id);
        auto second = signals.subscribe(some_id);
        auto other = signals.subscribe(other_id);
        CHECK(signals.size() == 3);
        second.close();
        CHECK(signals.size() == 2);
    }
    CHECK(signals.size() == 0);
}

TEST_CASE("unsubscribing twice is harmless, and a pending signal stays readable") {
    context test;
    hub signals{test.io.get_executor()};
    auto listening = signals.subscribe(some_id);
    signals.publish(some_id);
    listening.close();
    listening.close();
    signals.publish(some_id);
    CHECK(wait_now(test, listening) == error_code{});
    CHECK(wait_now(test, listening) == errc::closed);
    auto moved = std::move(listening);
    moved.close();
    CHECK(signals.size() == 0);
}

TEST_CASE("what a resumed waiter throws is thrown on after all are woken") {
    context test;
    hub signals{test.io.get_executor()};
    auto first = signals.subscribe(some_id);
    auto second = signals.subscribe(some_id);
    first.async_wait([](error_code) { throw std::runtime_error{"from a handler"}; });
    bool thrown = false;
    asio::post(test.io, [&] {
        try {
            signals.publish(some_id);
        } catch (const std::runtime_error&) {
            thrown = true;
        }
    });
    test.run();
    CHECK(thrown);
    CHECK(second.try_wait());
}

TEST_CASE("assigning a subscription ends the one that was there") {
    context test;
    hub signals{test.io.get_executor()};
    auto listening = signals.subscribe(some_id);
    listening = signals.subscribe(other_id);
    CHECK(signals.size() == 1);
    CHECK(listening.id() == other_id);
}

TEST_CASE(
    "a subscription can be moved while a wait is pending, and what is left of it is harmless") {
    context test;
    hub events{test.io.get_executor()};
    auto first = events.subscribe(some_id);
    std::optional<error_code> woken;
    first.async_wait([&](error_code error) { woken = error; });
    hub::subscription second = std::move(first);
    CHECK(second.valid());
    CHECK_FALSE(first.valid()); // NOLINT(bugprone-use-after-move): that is what is tested
    first.close();
    events.publish(some_id);
    test.run();
    CHECK(woken == error_code{});
    first = std::move(second);
    CHECK(events.size() == 1);
    first.close();
    first.close();
    CHECK(events.size() == 0);
}

TEST_CASE("a hub that goes closes its subscriptions") {
    context test;
    std::optional<hub> signals{std::in_place, test.io.get_executor()};
    auto listening = signals->subscribe(some_id);
    auto closed = signals->subscribe(some_id);
    signals->close();
    CHECK(wait_now(test, closed) == errc::closed);
    auto late = signals->subscribe(other_id);
    CHECK(wait_now(test, late) == errc::closed);
    signals.reset();
    CHECK(wait_now(test, listening) == errc::closed);
}

TEST_CASE("64 threads publish, subscribe and leave") {
    asio::thread_pool pool{4};
    {
        hub signals{pool.get_executor()};
        std::vector<uuid> ids(8);
        for (uuid& id : ids) {
            id = boost::uuids::random_generator{}();
        }
        std::vector<std::thread> threads;
        for (std::size_t number = 0; number < 64; ++number) {
            threads.emplace_back([&, number] {
                for (std::size_t round = 0; round < 50; ++round) {
                    auto mine = signals.subscribe(ids[(number + round) % ids.size()]);
                    mine.async_wait([](error_code) {});
                    signals.publish(ids[round % ids.size()]);
                    auto second = signals.subscribe(mine.id());
                    signals.publish(mine.id());
                    CHECK(second.try_wait());
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        CHECK(signals.size() == 0);
    }
    pool.join();
}
