#include <crier/async/channel.hpp>

#include "support/context.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using crier::channel;
using crier::errc;
using crier::test::context;
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using texts = std::vector<std::string>;

/// Reads to the end, which is then told.
asio::awaitable<void> read_all(channel<std::string>& from, texts& into) {
    while (true) {
        const std::optional<std::string> next = co_await from.receive();
        if (!next) {
            break;
        }
        into.push_back(*next);
    }
    into.emplace_back("end");
}

constexpr int threads = 4;

/// Counts the numbers that come in the order of their thread, of which they tell the remainder.
asio::awaitable<void> count_ordered(channel<std::unique_ptr<int>>& from, int& in_order) {
    std::vector<int> next(threads, 0);
    while (true) {
        const std::optional<std::unique_ptr<int>> value = co_await from.receive();
        if (!value) {
            break;
        }
        int& expected = next[static_cast<std::size_t>(**value % threads)];
        in_order += **value / threads == expected ? 1 : 0;
        ++expected;
    }
}

} // namespace

TEST_CASE("what is sent is received in its order, before the reader waits and while it does") {
    context test;
    channel<std::string> values{test.io.get_executor(), 2};
    texts got;
    {
        const auto to = values.make_sender();
        CHECK(to.send("a"));
        CHECK(to.send("b"));
        test.spawn(read_all(values, got));
        CHECK(got == texts{"a", "b"});
        CHECK(to.send("c"));
        CHECK(got.size() == 2); // not within the call of `send`
        test.run();
        CHECK(got == texts{"a", "b", "c"});
        CHECK(to.send("d"));
    }
    test.run();
    CHECK(got == texts{"a", "b", "c", "d", "end"});
}

TEST_CASE("the end comes with the last sender, and after what it has sent") {
    context test;
    channel<std::string> values{test.io.get_executor(), 2};
    texts got;
    std::optional first{values.make_sender()};
    std::optional copy{*first};
    std::optional second{values.make_sender()};
    first.reset();
    second.reset();
    test.spawn(read_all(values, got));
    CHECK(copy->send("a"));
    copy.reset();
    test.run();
    CHECK(got == texts{"a", "end"});
    const auto late = values.make_sender();
    CHECK_FALSE(late.is_wanted());
    CHECK_FALSE(late.send("b"));
}

TEST_CASE("no more than the limit wait: try_send is refused, send waits for room") {
    context test;
    channel<int> values{test.io.get_executor(), 2};
    const auto to = values.make_sender();
    CHECK(to.try_send(1));
    CHECK(to.try_send(2));
    CHECK_FALSE(to.try_send(3));
    std::atomic<bool> is_sent = false;
    std::thread worker{[&] { is_sent = to.send(3); }};
    CHECK_FALSE(is_sent);
    CHECK(values.try_receive() == 1);
    worker.join();
    CHECK(is_sent);
    CHECK(values.try_receive() == 2);
    CHECK(values.try_receive() == 3);
    CHECK(values.try_receive() == std::nullopt);
}

TEST_CASE("a sender that waits for room learns that the reader has gone") {
    for (const bool by_close : {true, false}) {
        CAPTURE(by_close);
        context test;
        auto values = std::make_unique<channel<int>>(test.io.get_executor(), 1);
        const auto to = values->make_sender();
        CHECK(to.is_wanted());
        CHECK(to.send(1));
        std::atomic<bool> is_sent = true;
        std::thread worker{[&] { is_sent = to.send(2); }};
        if (by_close) {
            values->close();
            CHECK(values->try_receive() == std::nullopt);
        } else {
            values.reset();
        }
        worker.join();
        CHECK_FALSE(is_sent);
        CHECK_FALSE(to.is_wanted());
        CHECK_FALSE(to.try_send(3));
    }
}

TEST_CASE("senders may outlive the channel and its context") {
    std::optional<channel<int>::sender> to;
    {
        context test;
        channel<int> values{test.io.get_executor(), 1};
        to = values.make_sender();
        values.get_signal().async_wait([](error_code) {});
    }
    CHECK_FALSE(to->send(1));
}

TEST_CASE("a receive that is cancelled takes no value, one that is closed completes with none") {
    context test;
    channel<int> values{test.io.get_executor(), 1};
    const auto to = values.make_sender();
    asio::cancellation_signal cancellation;
    bool is_cancelled = false;
    asio::co_spawn(test.io, values.receive(),
        asio::bind_cancellation_slot(
            cancellation.slot(), [&](const std::exception_ptr& failure, std::optional<int>) {
                is_cancelled = failure != nullptr;
            }));
    test.run();
    cancellation.emit(asio::cancellation_type::terminal);
    CHECK(to.send(1));
    test.run();
    CHECK(is_cancelled);
    CHECK(values.try_receive() == 1);

    std::optional<int> got{2};
    asio::co_spawn(test.io, values.receive(),
        [&](const std::exception_ptr& failure, std::optional<int> value) {
            CHECK_FALSE(failure);
            got = value;
        });
    test.run();
    CHECK(got == 2);
    values.close();
    test.run();
    CHECK(got == std::nullopt);
}

TEST_CASE("a receive that is pending completes with none when the channel goes") {
    for (const bool was_woken : {false, true}) {
        CAPTURE(was_woken);
        context test;
        auto values = std::make_unique<channel<int>>(test.io.get_executor(), 1);
        const auto to = values->make_sender();
        std::optional<int> got{2};
        asio::co_spawn(test.io, values->receive(),
            [&](const std::exception_ptr& failure, std::optional<int> value) {
                CHECK_FALSE(failure);
                got = value;
            });
        test.run();
        if (was_woken) {
            to.send(1);
        }
        values.reset();
        test.run();
        CHECK(got == std::nullopt);
    }
}

TEST_CASE("a second receive is refused while one is pending") {
    context test;
    channel<int> values{test.io.get_executor(), 1};
    std::optional<error_code> refused;
    asio::co_spawn(test.io, values.receive(), [](const std::exception_ptr&, std::optional<int>) {});
    asio::co_spawn(
        test.io, values.receive(), [&](const std::exception_ptr& failure, std::optional<int>) {
            try {
                std::rethrow_exception(failure);
            } catch (const boost::system::system_error& thrown) {
                refused = thrown.code();
            }
        });
    test.run();
    CHECK(refused == errc::already_waiting);
    values.close();
}

TEST_CASE("a channel of no values is refused") {
    context test;
    CHECK_THROWS_AS((channel<int>{test.io.get_executor(), 0}), std::invalid_argument);
}

TEST_CASE("values that can only be moved go through it, from many threads, each in order") {
    constexpr int each = 2'000;
    asio::io_context io{1};
    channel<std::unique_ptr<int>> values{io.get_executor(), 3};
    std::vector<std::thread> workers;
    for (int thread = 0; thread < threads; ++thread) {
        workers.emplace_back([thread, to = values.make_sender()] {
            for (int number = 0; number < each; ++number) {
                to.send(std::make_unique<int>(number * threads + thread));
            }
        });
    }
    int in_order = 0;
    asio::co_spawn(io, count_ordered(values, in_order), asio::detached);
    io.run();
    for (std::thread& worker : workers) {
        worker.join();
    }
    CHECK(in_order == threads * each);
}
