// What holds for one receive: when and where it completes, and with what.

#include <crier/client/event_source.hpp>
#include <crier/wire/errc.hpp>

#include "support/asks_for_executor.hpp"
#include "support/observed_source.hpp"
#include "support/scripted_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <doctest/doctest.h>

#include <future>
#include <new>
#include <stdexcept>
#include <system_error>
#include <tuple>
#include <variant>

using boost::system::error_code;
using boost::system::system_error;
using crier::errc;
using crier::event;
using crier::event_source;
using crier::event_source_options;
using crier::ready_state;
using crier::test::asks_for_executor;
using crier::test::context;
using crier::test::observed_source;
using crier::test::scripted_server;
using crier::test::then;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// A receive whose outcome is kept.
struct receive {
    std::optional<error_code> result;
    std::string data;

    explicit receive(event_source& from) {
        from.async_receive([this](error_code error, const event& next) {
            result = error;
            data = next.data;
        });
    }
    receive(const receive&) = delete;
    receive& operator=(const receive&) = delete;
};

/// A source of a server that sends what it is told to.
struct fed {
    context test;
    scripted_server server{test.io};
    std::optional<event_source> source;
    std::size_t bytes = 0;

    explicit fed(std::string_view events = "") {
        server.stream(events, then::hold);
        event_source_options options = observed_source::at_once();
        options.on_bytes = [this](std::string_view more) { bytes += more.size(); };
        source.emplace(test.io.get_executor(), server.url(), options);
        REQUIRE(test.run_until(
            [&] { return source->state() == ready_state::open && bytes == events.size(); }));
    }
    fed(const fed&) = delete;
    fed& operator=(const fed&) = delete;
    ~fed() { source.reset(); }

    void send(std::string_view events) {
        const std::size_t all = bytes + events.size();
        server.send(events);
        REQUIRE(test.run_until([&] { return bytes == all; }));
    }

    error_code next_error() {
        const receive next{*source};
        CHECK(test.run_until([&] { return next.result.has_value(); }));
        return next.result.value_or(error_code{});
    }

    std::string next_data() {
        const receive next{*source};
        CHECK(test.run_until([&] { return next.result.has_value(); }));
        CHECK(next.result == error_code{});
        return next.data;
    }
};

} // namespace

TEST_CASE("a receive without a token is awaited as it is") {
    fed from;
    std::string data;
    from.test.spawn([](event_source& source, std::string& to) -> asio::awaitable<void> {
        const event next = co_await source.async_receive();
        to = next.data;
    }(*from.source, data));
    CHECK(data.empty());
    from.send("data: a\n\n");
    from.test.run();
    CHECK(data == "a");
}

TEST_CASE("a receive completes as its token wants it") {
    fed from{"data: a\n\ndata: b\n\n"};
    std::future<event> first = from.source->async_receive(asio::use_future);
    from.test.run();
    REQUIRE(first.wait_for(20s) == std::future_status::ready); // by a thread of Asio's
    CHECK(first.get().data == "a");
    std::optional<std::tuple<error_code, event>> second, third;
    from.test.spawn([](event_source& source, auto& one, auto& other) -> asio::awaitable<void> {
        one = co_await source.async_receive(asio::as_tuple(asio::use_awaitable));
        other = co_await source.async_receive(asio::as_tuple(asio::use_awaitable));
    }(*from.source, second, third));
    REQUIRE(second);
    CHECK(std::get<0>(*second) == error_code{});
    CHECK(std::get<1>(*second).data == "b");
    CHECK_FALSE(third);
    from.source->close();
    from.test.run();
    REQUIRE(third);
    CHECK(std::get<0>(*third) == asio::error::operation_aborted);
}

TEST_CASE("a receive never completes before it has returned") {
    fed from{"data: a\n\n"};
    for (const error_code expected : {error_code{}, error_code{asio::error::operation_aborted}}) {
        std::optional<receive> one;
        bool is_done_within = true;
        asio::post(from.test.io, [&] {
            one.emplace(*from.source);
            is_done_within = one->result.has_value();
        });
        CHECK(from.test.run_until([&] { return one && one->result; }));
        CHECK_FALSE(is_done_within);
        CHECK(one->result == expected);
        from.source->close();
    }
}

TEST_CASE("a token is told the executor of the source") {
    fed from;
    std::optional<asio::any_io_executor> told;
    from.source->async_receive(asks_for_executor{told});
    CHECK(told == from.source->get_executor());
}

TEST_CASE("every kind of cancellation ends a receive, and the connection stays") {
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
             asio::cancellation_type::total}) {
        fed from;
        asio::cancellation_signal cancellation;
        std::optional<error_code> result;
        from.source->async_receive(asio::bind_cancellation_slot(
            cancellation.slot(), [&](error_code error, const event&) { result = error; }));
        from.test.run();
        cancellation.emit(type);
        CHECK_FALSE(result);
        from.test.run();
        CHECK(result == asio::error::operation_aborted);
        CHECK_FALSE(cancellation.slot().has_handler());
        from.send("data: a\n\n");
        CHECK(from.next_data() == "a");
        CHECK(from.server.requests().size() == 1);
    }
}

TEST_CASE("an event that was there when the cancellation came is there for the next receive") {
    fed from{"data: a\n\ndata: b\n\n"};
    asio::cancellation_signal cancellation;
    std::optional<error_code> result;
    from.source->async_receive(asio::bind_cancellation_slot(
        cancellation.slot(), [&](error_code error, const event&) { result = error; }));
    cancellation.emit(asio::cancellation_type::total);
    from.test.run();
    CHECK(result == asio::error::operation_aborted);
    CHECK(from.next_data() == "a");
    CHECK(from.next_data() == "b");
}

TEST_CASE("an event on its way to another executor is not lost by a cancellation there") {
    fed from{"data: a\n\ndata: b\n\n"};
    asio::io_context elsewhere;
    asio::cancellation_signal cancellation;
    std::optional<error_code> result;
    from.source->async_receive(asio::bind_cancellation_slot(cancellation.slot(),
        asio::bind_executor(elsewhere, [&](error_code error, const event&) { result = error; })));
    from.test.run();
    cancellation.emit(asio::cancellation_type::total);
    elsewhere.run();
    CHECK(result == asio::error::operation_aborted);
    CHECK(from.next_data() == "a");
    CHECK(from.next_data() == "b");
}

TEST_CASE("an event that came back from another executor is dropped by close") {
    fed from{"data: a\n\n"};
    asio::io_context elsewhere;
    asio::cancellation_signal cancellation;
    from.source->async_receive(asio::bind_cancellation_slot(
        cancellation.slot(), asio::bind_executor(elsewhere, [](error_code, const event&) {})));
    from.test.run();
    cancellation.emit(asio::cancellation_type::total);
    elsewhere.run();
    from.source->close();
    CHECK(from.next_error() == asio::error::operation_aborted);
}

TEST_CASE("of two sources that are awaited at once, the slower one loses nothing") {
    using namespace asio::experimental::awaitable_operators;
    context test;
    scripted_server server{test.io};
    server.stream("id: 1\ndata: a\n\n", then::hold).stream("id: 1\ndata: a\n\n", then::hold);
    event_source one{test.io.get_executor(), server.url()};
    event_source other{test.io.get_executor(), server.url()};
    REQUIRE(
        test.run_until([&] { return one.last_event_id() == "1" && other.last_event_id() == "1"; }));
    std::vector<std::size_t> from;
    test.spawn([](event_source& a, event_source& b, auto& seen) -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            const std::variant<event, event> next = co_await (
                a.async_receive(asio::use_awaitable) || b.async_receive(asio::use_awaitable));
            seen.push_back(next.index());
        }
    }(one, other, from));
    CHECK(from == std::vector<std::size_t>{0, 1});
    one.close();
    other.close();
}

TEST_CASE("a receive that loses to a timer loses no event") {
    using namespace asio::experimental::awaitable_operators;
    fed from;
    std::vector<std::string> got;
    from.test.spawn([](context& in, event_source& source, auto& texts) -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            crier::timer limit{in.io, 10s};
            const std::variant<event, std::monostate> first = co_await (
                source.async_receive(asio::use_awaitable) || limit.async_wait(asio::use_awaitable));
            const auto* const next = std::get_if<event>(&first);
            texts.emplace_back(next == nullptr ? "nothing" : next->data);
        }
    }(from.test, *from.source, got));
    from.test.advance(10s);
    CHECK(got == std::vector<std::string>{"nothing"});
    from.send("data: a\n\n");
    CHECK(from.test.run_until([&] { return got.size() == 2; }));
    CHECK(got == std::vector<std::string>{"nothing", "a"});
}

TEST_CASE("a second receiver is told so, and the first goes on receiving") {
    fed from;
    const receive first{*from.source};
    const receive second{*from.source};
    CHECK_FALSE(second.result);
    error_code third;
    from.test.spawn([](event_source& source, error_code& to) -> asio::awaitable<void> {
        try {
            co_await source.receive();
        } catch (const system_error& error) {
            to = error.code();
        }
    }(*from.source, third));
    CHECK(second.result == errc::already_waiting);
    CHECK(third == errc::already_waiting);
    CHECK_FALSE(first.result);
    from.send("data: a\n\n");
    from.test.run();
    CHECK(first.result == error_code{});
    CHECK(first.data == "a");
}

TEST_CASE("a receive completes on the executor of its handler") {
    for (const bool is_there_first : {false, true}) {
        fed from{is_there_first ? "data: a\n\n" : ""};
        const auto elsewhere = asio::make_strand(from.test.io);
        std::optional<bool> is_there;
        std::string data;
        from.source->async_receive(
            asio::bind_executor(elsewhere, [&](error_code, const event& next) {
                is_there = elsewhere.running_in_this_thread();
                data = next.data;
            }));
        if (!is_there_first) {
            from.send("data: a\n\n");
        }
        CHECK(from.test.run_until([&] { return is_there.has_value(); }));
        CHECK(is_there == true);
        CHECK(data == "a");
    }
}

TEST_CASE("a coroutine on another executor receives all, from any thread") {
    fed from;
    asio::thread_pool pool{1};
    std::string events, got;
    constexpr int count = 200;
    for (int i = 0; i < count; ++i) {
        events += "data: x\n\n";
    }
    std::future<void> done = asio::co_spawn(
        pool,
        [](event_source& source, std::string& to) -> asio::awaitable<void> {
            for (int i = 0; i < count; ++i) {
                const event next = co_await source.async_receive();
                to += next.data;
            }
        }(*from.source, got),
        asio::use_future);
    from.server.send(events);
    CHECK(from.test.run_until([&] { return done.wait_for(0s) == std::future_status::ready; }));
    CHECK(got == std::string(count, 'x'));
    pool.join();
}

TEST_CASE("a handler elsewhere may still run when the source and its context are gone") {
    asio::io_context elsewhere;
    std::optional<error_code> result;
    {
        fed from{"data: a\n\n"};
        from.source->async_receive(asio::bind_executor(
            elsewhere, [&](error_code error, const event&) { result = error; }));
        from.test.run();
    }
    CHECK_FALSE(result);
    elsewhere.run();
    CHECK(result == asio::error::operation_aborted);
}

TEST_CASE("closing, destroying or replacing a source ends its receive with operation_aborted") {
    for (int which = 0; which < 3; ++which) {
        for (const bool has_begun : {false, true}) {
            fed from{has_begun ? "" : "data: a\n\n"};
            const receive pending{*from.source};
            if (has_begun) {
                from.test.run();
            }
            switch (which) {
            case 0: from.source->close(); break;
            case 1: from.source.reset(); break;
            default: *from.source = event_source{from.test.io.get_executor(), from.server.url()};
            }
            CHECK_FALSE(pending.result);
            from.test.run();
            CHECK(pending.result == asio::error::operation_aborted);
        }
    }
}

TEST_CASE("destroying a source that has ended ends its receive with operation_aborted") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n").answer("HTTP/1.1 404 Not Found\r\n\r\n");
    std::optional<event_source> source;
    source.emplace(test.io.get_executor(), server.url(), observed_source::at_once());
    REQUIRE(test.run_until([&] { return source->state() == ready_state::closed; }));
    const receive pending{*source};
    source.reset();
    test.run();
    CHECK(pending.result == asio::error::operation_aborted);
}

TEST_CASE("once the stream has ended for good and all is taken, a receive gives the reason") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n").answer("HTTP/1.1 404 Not Found\r\n\r\n");
    event_source source{test.io.get_executor(), server.url(), observed_source::at_once()};
    const receive first{source};
    REQUIRE(test.run_until([&] { return source.state() == ready_state::closed; }));
    CHECK(first.data == "a");
    for (int i = 0; i < 2; ++i) {
        const receive end{source};
        test.run();
        CHECK(end.result == errc::unexpected_status);
    }
}

TEST_CASE("a receive that waits when the stream ends for good gets the reason") {
    context test;
    scripted_server server{test.io};
    server.answer("HTTP/1.1 404 Not Found\r\n\r\n");
    event_source source{test.io.get_executor(), server.url()};
    const receive pending{source};
    CHECK(test.run_until([&] { return pending.result.has_value(); }));
    CHECK(pending.result == errc::unexpected_status);
}

TEST_CASE("where a callback has thrown, a receive and the state tell an error code for it") {
    const auto told_for = [](auto thrown) {
        context test;
        scripted_server server{test.io};
        server.stream(":\n", then::hold);
        event_source_options options = observed_source::at_once();
        error_code reason;
        options.on_state_change = [&](const crier::state_change& change) {
            reason = change.reason;
        };
        options.on_comment = [&](std::string_view) { throw thrown; };
        event_source source{test.io.get_executor(), server.url(), options};
        const receive pending{source};
        CHECK(test.run_until([&] { return pending.result.has_value(); }));
        CHECK(pending.result == reason);
        return pending.result.value_or(error_code{});
    };
    CHECK(told_for(system_error{asio::error::host_not_found}) == asio::error::host_not_found);
    CHECK(told_for(std::system_error{std::make_error_code(std::errc::no_space_on_device)}) ==
          boost::system::errc::no_space_on_device);
    CHECK(told_for(std::bad_alloc{}) == asio::error::no_memory);
    CHECK(told_for(std::runtime_error{"own"}) == errc::callback_failed);
    CHECK(told_for(system_error{error_code{}}) == errc::callback_failed);
}

TEST_CASE("a coroutine that owns its source goes with its context") {
    const auto owned = std::make_shared<int>();
    {
        asio::io_context io;
        asio::co_spawn(
            io,
            [](asio::any_io_executor on, std::shared_ptr<int>) -> asio::awaitable<void> {
                event_source source{on, "http://127.0.0.1:1/"};
                while (true) {
                    co_await source.async_receive();
                }
            }(io.get_executor(), owned),
            asio::detached);
        io.poll();
    }
    CHECK(owned.use_count() == 1);
}
