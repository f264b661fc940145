#pragma once

#include "async/test_clock.hpp"
#include "passing_time.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <exception>
#include <utility>

namespace crier::test {

namespace asio = boost::asio;

/// An io_context on the test's own thread with a clock that only the test moves forward.
/// When it goes, nothing may be left running.
class context {
public:
    context(const context&) = delete;
    context& operator=(const context&) = delete;
    explicit context(int concurrency = 1) : io{concurrency} { detail::test_clock::freeze(); }

    ~context() {
        if (std::uncaught_exceptions() == 0) {
            run();
            CHECK_MESSAGE(io.stopped(), "something is left running");
        }
        detail::test_clock::thaw();
    }

    /// Runs what is ready.
    void run() {
        io.restart();
        io.poll();
    }

    /// Lets the time pass; what is due then runs with what is ready.
    void pass(clock::duration by) { time_.pass(by); }

    /// Lets the time pass, and then what is due.
    void advance(clock::duration by) {
        pass(by);
        run();
        while (io.poll() > 0) {
        }
    }

    /// Lets seconds pass until the condition holds; how many, at most 100. The kernel may still
    /// move bytes of a connection meanwhile.
    template <class Condition>
    int seconds_until(Condition condition) {
        int seconds = 0;
        while (!condition() && seconds < 100) {
            advance(std::chrono::seconds{1});
            ++seconds;
        }
        return seconds;
    }

    /// Runs until the condition holds, for what the kernel brings about in its own time; false when
    /// it does not.
    template <class Condition>
    bool run_until(Condition condition) {
        const auto longest = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (!condition()) {
            if (std::chrono::steady_clock::now() > longest) {
                return false;
            }
            io.restart();
            io.run_one_for(std::chrono::milliseconds{20});
        }
        return true;
    }

    template <class T>
    void spawn(asio::awaitable<T> flow) {
        spawn(asio::any_io_executor{io.get_executor()}, std::move(flow));
    }

    template <class T, class Executor>
    void spawn(const Executor& on, asio::awaitable<T, Executor> flow) {
        asio::co_spawn(on, std::move(flow), [](const std::exception_ptr& error, auto&&...) {
            if (error) {
                std::rethrow_exception(error);
            }
        });
        run();
    }

    asio::io_context io;

private:
    passing_time time_{io};
};

} // namespace crier::test
