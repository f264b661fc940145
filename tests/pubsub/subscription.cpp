#include <crier/async/single_thread.hpp>
#include <crier/pubsub/manager.hpp>
#include <crier/wire/errc.hpp>

#include "support/context.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <tuple>
#include <variant>

using boost::system::error_code;
using crier::errc;
using crier::frame;
using crier::manager;
using crier::subscription;
using crier::test::context;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// A receive whose outcome is kept.
struct receive {
    std::optional<error_code> result;
    std::string text;

    explicit receive(subscription& from) {
        from.async_receive([this](error_code error, const frame& next) {
            result = error;
            text = next.text();
        });
    }
};

asio::awaitable<void> wait_for_turns(int count) {
    for (int i = 0; i < count; ++i) {
        co_await asio::post(asio::use_awaitable);
    }
}

/// Receives numbers, and begins anew where one has not come at once or a little later. Returns the
/// first that was not the next.
asio::awaitable<int> receive_impatiently(subscription& from, int until) {
    using namespace asio::experimental::awaitable_operators;
    int next = 0;
    for (int turn = 0; next < until; ++turn) {
        const std::variant<frame, std::monostate> first =
            co_await (from.async_receive(asio::use_awaitable) || wait_for_turns(turn % 8));
        const auto* const got = std::get_if<frame>(&first);
        if (got != nullptr && got->text() != "data: " + std::to_string(next++) + "\n\n") {
            break;
        }
    }
    co_return next;
}

manager without_ids(context& test) { return manager{test.io.get_executor(), {.ids = false}}; }

} // namespace

TEST_CASE("a receive without a token is awaited as it is") {
    context test;
    manager events = without_ids(test);
    subscription mine = events.subscribe("a");
    std::string text;
    test.spawn([](subscription& from, std::string& to) -> asio::awaitable<void> {
        const frame next = co_await from.async_receive();
        to = next.text();
    }(mine, text));
    CHECK(text.empty());
    events.publish("a", "1");
    test.run();
    CHECK(text == "data: 1\n\n");
}

TEST_CASE("a receive completes as its token wants it") {
    context test;
    manager events = without_ids(test);
    subscription mine = events.subscribe("a");
    events.publish("a", "1");
    events.publish("a", "2");
    std::future<frame> first = mine.async_receive(asio::use_future);
    test.run();
    REQUIRE(first.wait_for(20s) == std::future_status::ready); // by a thread of Asio's
    CHECK(first.get().text() == "data: 1\n\n");
    std::optional<std::tuple<error_code, frame>> second;
    std::optional<std::tuple<error_code, frame>> third;
    test.spawn([](subscription& from, auto& one, auto& other) -> asio::awaitable<void> {
        one = co_await from.async_receive(asio::as_tuple(asio::use_awaitable));
        other = co_await from.async_receive(asio::as_tuple(asio::use_awaitable));
    }(mine, second, third));
    REQUIRE(second);
    CHECK(std::get<1>(*second).text() == "data: 2\n\n");
    CHECK_FALSE(third);
    mine.close();
    test.run();
    REQUIRE(third);
    CHECK(std::get<0>(*third) == errc::closed);
}

TEST_CASE("a receive that loses to a timer loses no event") {
    using namespace asio::experimental::awaitable_operators;
    context test;
    crier::promise_single_thread(test.io);
    manager events = without_ids(test);
    crier::subscribe_options here;
    here.executor = test.io.get_executor();
    subscription mine = events.subscribe("a", here);
    std::vector<std::string> got;
    test.spawn([](context& in, subscription& from, auto& texts) -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            crier::timer limit{in.io, 10s};
            const std::variant<frame, std::monostate> first = co_await (
                from.async_receive(asio::use_awaitable) || limit.async_wait(asio::use_awaitable));
            const auto* const next = std::get_if<frame>(&first);
            texts.emplace_back(next == nullptr ? "nothing" : next->text());
        }
    }(test, mine, got));
    test.advance(10s);
    CHECK(got == std::vector<std::string>{"nothing"});
    events.publish("a", "1");
    test.run();
    CHECK(got == std::vector<std::string>{"nothing", "data: 1\n\n"});
}

TEST_CASE("a receive that is cancelled on its way to another executor loses no event") {
    context test;
    asio::io_context elsewhere;
    manager events = without_ids(test);
    subscription mine = events.subscribe("a");
    asio::cancellation_signal cancellation;
    std::optional<error_code> result;
    mine.async_receive(asio::bind_cancellation_slot(cancellation.slot(),
        asio::bind_executor(elsewhere, [&](error_code error, const frame&) { result = error; })));
    events.publish("a", "1");
    events.publish("a", "2");
    test.run();
    cancellation.emit(asio::cancellation_type::total);
    elsewhere.run();
    CHECK(result == asio::error::operation_aborted);
    CHECK(mine.pending() == 2);
    bool is_woken = false;
    mine.async_wait([&](error_code error) { is_woken = !error; });
    test.run();
    CHECK(is_woken);
    const receive next{mine};
    test.run();
    CHECK(next.text == "data: 1\n\n");
    CHECK(mine.try_receive()->text() == "data: 2\n\n");
}

TEST_CASE("a coroutine on another thread that gives up again and again receives every event") {
    asio::thread_pool served{1};
    asio::thread_pool receiving{1};
    constexpr int count = 2000;
    manager events{served.get_executor(),
        {.ids = false, .queue = {.events = count, .overflow = crier::overflow_policy::disconnect}}};
    subscription mine = events.subscribe("a");
    std::future<int> received =
        asio::co_spawn(receiving, receive_impatiently(mine, count), asio::use_future);
    for (int i = 0; i < count; ++i) {
        events.publish("a", std::to_string(i));
    }
    REQUIRE(received.wait_for(20s) == std::future_status::ready);
    CHECK(received.get() == count);
    receiving.join();
    events.shutdown();
    served.join();
}

TEST_CASE("every kind of cancellation ends a receive") {
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
             asio::cancellation_type::total}) {
        context test;
        manager events = without_ids(test);
        subscription mine = events.subscribe("a");
        asio::cancellation_signal cancellation;
        std::optional<error_code> result;
        mine.async_receive(asio::bind_cancellation_slot(
            cancellation.slot(), [&](error_code error, const frame&) { result = error; }));
        test.run();
        cancellation.emit(type);
        test.run();
        CHECK(result == asio::error::operation_aborted);
        CHECK_FALSE(cancellation.slot().has_handler());
    }
}

TEST_CASE("a second receiver is told so, and the first goes on receiving") {
    context test;
    manager events = without_ids(test);
    subscription mine = events.subscribe("a");
    const receive first{mine};
    const receive second{mine};
    test.run();
    CHECK(second.result == errc::already_waiting);
    CHECK_FALSE(first.result);
    events.publish("a", "1");
    test.run();
    CHECK(first.result == error_code{});
    CHECK(first.text == "data: 1\n\n");
}

TEST_CASE("a subscription can be moved while a receive is pending") {
    context test;
    manager events = without_ids(test);
    subscription mine = events.subscribe("a");
    const receive pending{mine};
    test.run();
    subscription moved = std::move(mine);
    CHECK(moved.valid());
    CHECK_FALSE(mine.valid()); // NOLINT(bugprone-use-after-move): that is what is tested
    events.publish("a", "1");
    test.run();
    CHECK(pending.result == error_code{});
    CHECK(pending.text == "data: 1\n\n");
    mine = std::move(moved);
    CHECK(mine.valid());
    events.publish("a", "2");
    test.run();
    CHECK(mine.try_receive()->text() == "data: 2\n\n");
}

TEST_CASE("destroying or replacing a subscription completes its receive with operation_aborted") {
    context test;
    manager events = without_ids(test);
    std::optional<subscription> mine{events.subscribe("a")};
    const receive first{*mine};
    test.run();
    mine.emplace(events.subscribe("a"));
    test.run();
    CHECK(first.result == asio::error::operation_aborted);
    const receive second{*mine};
    test.run();
    *mine = events.subscribe("a");
    CHECK_FALSE(second.result);
    test.run();
    CHECK(second.result == asio::error::operation_aborted);
    CHECK(events.stats().subscribers == 1);
}

TEST_CASE("a receive completes on the executor of its handler") {
    context test;
    manager events = without_ids(test);
    subscription mine = events.subscribe("a");
    const auto elsewhere = asio::make_strand(test.io);
    bool is_there = false;
    mine.async_receive(asio::bind_executor(elsewhere,
        [&](error_code, const frame&) { is_there = elsewhere.running_in_this_thread(); }));
    events.publish("a", "1");
    test.run();
    CHECK(is_there);
}

TEST_CASE("a handler elsewhere may still run when the subscription and its context are gone") {
    asio::thread_pool pool{1};
    std::promise<void> called;
    std::promise<void> gone;
    {
        context test;
        manager events = without_ids(test);
        subscription mine = events.subscribe("a");
        mine.async_receive(asio::bind_executor(pool, [&](error_code, const frame&) {
            called.set_value();
            gone.get_future().wait();
        }));
        events.publish("a", "1");
        test.run();
        called.get_future().wait();
    }
    gone.set_value();
    pool.join();
}
