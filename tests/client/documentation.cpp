// The examples in the comments of event_source, of which the first ends here, those of its options
// and of state_change, and that of on_connect in README.md.

#include <crier/async/clock.hpp>
#include <crier/client/event_source.hpp>
#include <crier/wire/errc.hpp>

#include "support/context.hpp"
#include "support/scripted_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <optional>
#include <utility>
#include <variant>

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> follow(crier::event_source& source, std::string& seen) {
    const auto use = [&seen](const crier::event& next) { seen += next.data; };
    while (seen != "ab") {
        crier::event next = co_await source.receive();
        use(next);
    }
}

/// The next event, if one comes within five seconds.
asio::awaitable<std::optional<crier::event>> receive_in_time(crier::event_source& source) {
    using namespace boost::asio::experimental::awaitable_operators;
    constexpr auto as_value = boost::asio::as_tuple(boost::asio::use_awaitable);
    crier::timer deadline{co_await boost::asio::this_coro::executor, 5s};
    auto first = co_await (source.async_receive(as_value) || deadline.async_wait(as_value));
    if (first.index() == 1) {
        co_return std::nullopt; // the time is over; the next receive gets the event
    }
    auto [error, next] = std::get<0>(std::move(first));
    if (error) {
        throw boost::system::system_error{error};
    }
    co_return std::move(next);
}

asio::awaitable<std::string> fresh_token() { co_return "abc"; }

struct outcome {
    bool over = false;
    std::optional<crier::event> received{};
    boost::system::error_code error{};
};

asio::awaitable<void> note(asio::awaitable<std::optional<crier::event>> receiving, outcome& of) {
    try {
        of.received = co_await std::move(receiving);
    } catch (const boost::system::system_error& error) {
        of.error = error.code();
    }
    of.over = true;
}

} // namespace

TEST_CASE("event_source") {
    crier::test::context test;
    crier::test::scripted_server server{test.io};
    server.stream("data: a\n\ndata: b\n\n", crier::test::then::hold);
    crier::event_source source{test.io.get_executor(), server.url("/events")};
    std::string seen;
    test.spawn(follow(source, seen));
    CHECK(test.run_until([&] { return seen == "ab"; }));
}

TEST_CASE("a receive with a deadline ends with an event, with the deadline, or with an error") {
    crier::test::context test;
    crier::test::scripted_server server{test.io};
    server.stream("", crier::test::then::hold).answer("HTTP/1.1 404 Not Found\r\n\r\n");
    crier::event_source source{test.io.get_executor(), server.url()};
    REQUIRE(test.run_until([&] { return source.state() == crier::ready_state::open; }));

    outcome late;
    test.spawn(note(receive_in_time(source), late));
    test.advance(5s);
    CHECK(late.over);
    CHECK_FALSE(late.received);
    CHECK_FALSE(late.error);

    server.send("data: a\n\n");
    outcome in_time;
    test.spawn(note(receive_in_time(source), in_time));
    REQUIRE(test.run_until([&] { return in_time.over; }));
    REQUIRE(in_time.received);
    CHECK(in_time.received->data == "a");

    outcome ended;
    test.spawn(note(receive_in_time(source), ended));
    source.reconnect();
    REQUIRE(test.run_until([&] { return ended.over; }));
    CHECK(ended.error == crier::errc::unexpected_status);
}

TEST_CASE("an error of a receive that || joins to a timer is hidden while the timer runs") {
    using namespace boost::asio::experimental::awaitable_operators;
    crier::test::context test;
    crier::test::scripted_server server{test.io};
    server.answer("HTTP/1.1 404 Not Found\r\n\r\n");
    crier::event_source source{test.io.get_executor(), server.url()};
    REQUIRE(test.run_until([&] { return source.state() == crier::ready_state::closed; }));
    std::optional<std::size_t> first;
    test.spawn(
        [](crier::event_source& from, std::optional<std::size_t>& to) -> asio::awaitable<void> {
            crier::timer deadline{co_await asio::this_coro::executor, 5s};
            auto joined = co_await (from.receive() || deadline.async_wait(asio::use_awaitable));
            to = joined.index();
        }(source, first));
    CHECK_FALSE(first);
    test.advance(5s);
    CHECK(first == 1);
}

TEST_CASE("event_source_options") {
    const crier::event_source_options options{.last_event_id = "7", .idle_timeout = 1min};
    CHECK(options.idle_timeout == 1min);
}

TEST_CASE("state_change") {
    crier::test::context test;
    crier::test::scripted_server server{test.io};
    server.stream("data: a\n\n").answer("HTTP/1.1 204 No Content\r\n\r\n");
    crier::event_source_options options;
    options.reconnection_time = 0ms;
    options.random = [] { return 0.0; };
    std::string shown;
    const auto show = [&shown](const std::string& text) { shown += text + "\n"; };
    options.on_state_change = [show](const crier::state_change& change) {
        using enum crier::change_kind;
        switch (change.kind) {
        case opened: show("live"); break;
        case retrying: show("away: " + change.message); break;
        case id_not_sent: show("what was missed does not come"); break;
        case closed_by_program: break;
        case refused: show("gone: " + change.message); break;
        case not_retried:
        case failed: show("over: " + change.message); break;
        }
    };
    const crier::event_source source{test.io.get_executor(), server.url(), options};
    REQUIRE(test.run_until([&] { return source.state() == crier::ready_state::closed; }));
    CHECK(shown == "live\n"
                   "away: the stream has ended\n"
                   "gone: 204 No Content: the server ends the stream for good\n");
}

TEST_CASE("on_connect") {
    crier::test::context test;
    crier::test::scripted_server server{test.io};
    crier::event_source_options options;
    options.on_connect = [](crier::stream_request& next) -> boost::asio::awaitable<void> {
        const std::string token = co_await fresh_token(); // what it throws is a failed attempt
        next.headers.push_back({"Authorization", "Bearer " + token});
    };
    const crier::event_source source{test.io.get_executor(), server.url(), options};
    REQUIRE(test.run_until([&] { return server.requests().size() == 1; }));
    CHECK(server.requests()[0].find("\r\nAuthorization: Bearer abc\r\n") != std::string::npos);
}
