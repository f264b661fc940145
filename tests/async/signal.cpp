#include <crier/async/signal.hpp>
#include <crier/wire/errc.hpp>

#include "support/allocations.hpp"
#include "support/context.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

using crier::errc;
using crier::test::context;
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// A wait whose outcome is kept.
struct wait {
    std::optional<error_code> result;

    explicit wait(crier::signal& on) {
        on.async_wait([this](error_code error) { result = error; });
    }
};

asio::awaitable<void> count_wakes(crier::signal& on, long& wakes, long until) {
    while (wakes < until) {
        co_await on.async_wait(asio::deferred);
        ++wakes;
    }
}

} // namespace

TEST_CASE("set any number of times before a wait, it wakes once") {
    context test;
    crier::signal on{test.io.get_executor()};
    on.set();
    on.set();
    on.set();
    const wait first{on};
    CHECK_FALSE(first.result);
    test.run();
    CHECK(first.result == error_code{});
    const wait second{on};
    test.run();
    CHECK_FALSE(second.result);
    on.set();
    test.run();
    CHECK(second.result == error_code{});
}

TEST_CASE("set later, it wakes its waiter after the call, and once") {
    context test;
    crier::signal on{test.io.get_executor()};
    int wakes = 0;
    asio::post(test.io, [&] {
        on.async_wait([&](error_code error) { wakes += error ? 0 : 1; });
        on.set_later();
        CHECK(wakes == 0);
        on.set_later();
    });
    test.run();
    CHECK(wakes == 1);
    CHECK(on.try_wait());
}

TEST_CASE("a wait that is cancelled on its way to another executor leaves the wake-up") {
    for (const bool was_set_before : {false, true}) {
        context test;
        asio::io_context elsewhere;
        crier::signal on{test.io.get_executor()};
        asio::cancellation_signal cancellation;
        std::optional<error_code> result;
        const auto begin = [&] {
            on.async_wait(asio::bind_cancellation_slot(cancellation.slot(),
                asio::bind_executor(elsewhere, [&](error_code error) { result = error; })));
        };
        if (was_set_before) {
            on.set();
            begin();
        } else {
            begin();
            on.set();
        }
        cancellation.emit(asio::cancellation_type::total);
        elsewhere.run();
        CHECK(result == asio::error::operation_aborted);
        const wait next{on};
        test.run();
        CHECK(next.result == error_code{});
    }
}

TEST_CASE("a waiter elsewhere is told although the signal's context has gone meanwhile") {
    asio::io_context elsewhere;
    std::optional<error_code> result;
    {
        asio::io_context io;
        crier::signal* on = nullptr;
        asio::co_spawn(
            io,
            [](crier::signal*& to) -> asio::awaitable<void> {
                crier::signal own{co_await asio::this_coro::executor};
                to = &own;
                crier::signal never{own.get_executor()};
                co_await never.async_wait();
            }(on),
            asio::detached);
        io.poll();
        on->async_wait(asio::bind_executor(elsewhere, [&](error_code error) { result = error; }));
        on->set();
    }
    CHECK_FALSE(result);
    elsewhere.run();
    CHECK(result == error_code{});
}

TEST_CASE("a waiter whose context goes before it is called goes with it") {
    context test;
    crier::signal on{test.io.get_executor()};
    const auto owned = std::make_shared<int>();
    {
        asio::io_context elsewhere;
        on.async_wait(asio::bind_executor(elsewhere, [owned](error_code) {}));
        on.set();
    }
    CHECK(owned.use_count() == 1);
    const wait next{on};
    on.set();
    test.run();
    CHECK(next.result == error_code{});
}

TEST_CASE("set on the waiter's executor resumes the waiter before it returns") {
    context test;
    const auto strand = asio::make_strand(test.io);
    for (const asio::any_io_executor& executor :
        std::array<asio::any_io_executor, 3>{test.io.get_executor(), strand,
            asio::make_strand(asio::any_io_executor{test.io.get_executor()})}) {
        crier::signal on{executor};
        const wait pending{on};
        bool inside = false;
        asio::post(executor, [&] {
            on.set();
            inside = pending.result.has_value();
        });
        test.run();
        CHECK(inside);
    }
}

TEST_CASE("set elsewhere resumes the waiter on its own executor") {
    context test;
    crier::signal on{test.io.get_executor()};
    const wait pending{on};
    on.set();
    CHECK_FALSE(pending.result);
    test.run();
    CHECK(pending.result == error_code{});
}

TEST_CASE("a waiter with an executor of its own is resumed there") {
    context test;
    asio::thread_pool pool{1};
    crier::signal on{test.io.get_executor()};
    std::optional<std::thread::id> resumed;
    on.async_wait(asio::bind_executor(
        pool.get_executor(), [&](error_code) { resumed = std::this_thread::get_id(); }));
    asio::post(test.io, [&] { on.set(); });
    test.run();
    pool.join();
    CHECK(resumed);
    CHECK(resumed != std::this_thread::get_id());
}

TEST_CASE("a handler elsewhere may still run when the signal and its context are gone") {
    asio::thread_pool pool{1};
    std::promise<void> called;
    std::promise<void> gone;
    {
        context test;
        crier::signal on{asio::make_strand(test.io)};
        on.async_wait(asio::bind_executor(pool, [&](error_code) {
            called.set_value();
            gone.get_future().wait();
        }));
        on.set();
        called.get_future().wait();
    }
    gone.set_value();
    pool.join();
}

TEST_CASE("try_wait takes the wake-up once") {
    context test;
    crier::signal on{test.io.get_executor()};
    CHECK_FALSE(on.try_wait());
    on.set();
    CHECK(on.try_wait());
    CHECK_FALSE(on.try_wait());
}

TEST_CASE("cancel ends the wait and leaves the wake-up") {
    context test;
    crier::signal on{test.io.get_executor()};
    on.cancel();
    const wait pending{on};
    on.cancel();
    test.run();
    CHECK(pending.result == asio::error::operation_aborted);
    on.set();
    on.cancel();
    CHECK(on.try_wait());
}

TEST_CASE("closing gives a set wake-up first, then closed for good") {
    context test;
    crier::signal on{test.io.get_executor()};
    on.set();
    on.close();
    on.close();
    for (const error_code expected :
        {error_code{}, make_error_code(errc::closed), make_error_code(errc::closed)}) {
        const wait next{on};
        test.run();
        CHECK(next.result == expected);
    }
}

TEST_CASE("closing completes a pending wait with closed") {
    context test;
    crier::signal on{test.io.get_executor()};
    const wait pending{on};
    on.close();
    test.run();
    CHECK(pending.result == errc::closed);
}

TEST_CASE("every kind of cancellation ends the wait and loses no wake-up") {
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
             asio::cancellation_type::total}) {
        context test;
        crier::signal on{test.io.get_executor()};
        asio::cancellation_signal cancellation;
        std::optional<error_code> result;
        const auto start = [&] {
            result.reset();
            on.async_wait(asio::bind_cancellation_slot(
                cancellation.slot(), [&](error_code error) { result = error; }));
        };
        start();
        cancellation.emit(type);
        test.run();
        CHECK(result == asio::error::operation_aborted);
        CHECK_FALSE(cancellation.slot().has_handler());
        start();
        on.set(); // from outside: the completion is posted
        cancellation.emit(type);
        test.run();
        CHECK(result == asio::error::operation_aborted);
        start(); // the wake-up is still there
        cancellation.emit(type);
        test.run();
        CHECK(result == asio::error::operation_aborted);
        CHECK(on.try_wait());
    }
}

TEST_CASE("a cancellation after the signal is gone does nothing") {
    context test;
    asio::cancellation_signal cancellation;
    std::optional<error_code> result;
    {
        crier::signal on{test.io.get_executor()};
        on.async_wait(asio::bind_cancellation_slot(
            cancellation.slot(), [&](error_code error) { result = error; }));
        on.set();
    }
    cancellation.emit(asio::cancellation_type::all);
    test.run();
    CHECK(result == error_code{});
}

TEST_CASE("destroying the signal completes its waiter with operation_aborted") {
    context test;
    std::optional<crier::signal> on{std::in_place, test.io.get_executor()};
    const wait pending{*on};
    on.reset();
    CHECK_FALSE(pending.result);
    test.run();
    CHECK(pending.result == asio::error::operation_aborted);
}

TEST_CASE("a handler of any size and one that only moves can wait") {
    context test;
    crier::signal on{test.io.get_executor()};
    std::array<char, 1'000> large{};
    bool called = false;
    on.async_wait([large, only = std::make_unique<int>(7), &called](
                      error_code) { called = *only == 7 && large[0] == 0; });
    on.set();
    test.run();
    CHECK(called);
}

TEST_CASE("a pending wait keeps its context running, an idle signal does not") {
    asio::io_context io{1};
    crier::signal on{io.get_executor()};
    io.run();
    CHECK(io.stopped());
    io.restart();
    on.async_wait([](error_code) {});
    io.poll();
    CHECK_FALSE(io.stopped());
    on.cancel();
    io.run();
    CHECK(io.stopped());
}

TEST_CASE("a second waiter is told so, and the first goes on waiting") {
    context test;
    crier::signal on{test.io.get_executor()};
    const wait first{on};
    const wait second{on};
    test.run();
    CHECK(second.result == errc::already_waiting);
    CHECK_FALSE(first.result);
    on.set();
    const wait third{on}; // the first is not resumed yet
    test.run();
    CHECK(first.result == error_code{});
    CHECK(third.result == errc::already_waiting);
}

TEST_CASE("a wait without a token is awaited as it is") {
    context test;
    crier::signal on{test.io.get_executor()};
    bool woken = false;
    test.spawn([](crier::signal& from, bool& seen) -> asio::awaitable<void> {
        co_await from.async_wait();
        seen = true;
    }(on, woken));
    CHECK_FALSE(woken);
    on.set();
    test.run();
    CHECK(woken);
}

TEST_CASE("a context that goes destroys the waiters, also one that owns its signal") {
    const auto owner = std::make_shared<int>(1);
    {
        asio::io_context io{1};
        const auto on = std::make_shared<crier::signal>(io.get_executor());
        on->async_wait([on, owner](error_code) { FAIL("must not be called"); });
    }
    CHECK(owner.use_count() == 1);
    std::optional<crier::signal> outlives;
    {
        asio::io_context io{1};
        outlives.emplace(io.get_executor());
        outlives->async_wait([owner](error_code) {});
    }
    CHECK(owner.use_count() == 1);
    outlives->set();
}

TEST_CASE("waking on the waiter's own executor allocates nothing") {
    context test;
    crier::signal on{test.io.get_executor()};
    long wakes = 0;
    test.spawn(count_wakes(on, wakes, 10'101));
    asio::post(test.io, [&] {
        for (int i = 0; i < 100; ++i) {
            on.set();
        }
        const long before = crier::test::allocations();
        for (int i = 0; i < 10'000; ++i) {
            on.set();
        }
        CHECK(crier::test::allocations() == before);
        on.set(); // the last one, whose end is told
    });
    test.run();
    CHECK(wakes == 10'101);
}

TEST_CASE("no wake-up is lost between threads") {
    asio::thread_pool pool{1};
    crier::signal on{pool.get_executor()};
    constexpr int threads = 4;
    constexpr int rounds = 20'000;
    std::atomic<int> produced{0};
    std::atomic<bool> finished{false};
    int seen = 0;
    asio::co_spawn(
        pool,
        [](crier::signal& wake, std::atomic<int>& from, int& to) -> asio::awaitable<void> {
            while (to < threads * rounds) {
                co_await wake.async_wait(asio::use_awaitable);
                to = from.load(std::memory_order_relaxed);
            }
        }(on, produced, seen),
        [&](const std::exception_ptr&) { finished = true; });
    std::vector<std::thread> publishers;
    for (int i = 0; i < threads; ++i) {
        publishers.emplace_back([&] {
            for (int round = 0; round < rounds; ++round) {
                produced.fetch_add(1, std::memory_order_relaxed);
                on.set();
            }
        });
    }
    for (std::thread& publisher : publishers) {
        publisher.join();
    }
    pool.join();
    CHECK(finished);
    CHECK(seen == threads * rounds);
}
