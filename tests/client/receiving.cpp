// What holds for who receives: cancellation, the end, the bounds of the queue.

#include <crier/client/event_source.hpp>

#include "support/observed_source.hpp"
#include "support/scripted_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <limits>
#include <variant>

using crier::errc;
using crier::event;
using crier::event_source;
using crier::event_source_options;
using crier::ready_state;
using crier::test::context;
using crier::test::observed_source;
using crier::test::scripted_server;
using crier::test::stream_head;
using crier::test::then;
namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

struct received {
    std::optional<event> taken;
    error_code error;
    bool over = false;
};

asio::awaitable<void> receive_one(event_source& from, received& into) {
    try {
        into.taken = co_await from.receive();
    } catch (const boost::system::system_error& error) {
        into.error = error.code();
    }
    into.over = true;
}

std::string numbered(int count) {
    std::string events;
    for (int i = 0; i < count; ++i) {
        events += "data: " + std::to_string(i) + "\n\n";
    }
    return events;
}

/// Receives all that there is, again and again cancelled while it waits.
asio::awaitable<void> receive_until(event_source& from, int count, std::vector<std::string>& into) {
    while (into.size() < static_cast<std::size_t>(count)) {
        event next = co_await from.receive();
        into.push_back(std::move(next.data));
    }
}

} // namespace

TEST_CASE("a cancelled receive leaves the connection, and loses no event") {
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial}) {
        context test;
        scripted_server server{test.io};
        server.stream("", then::hold);
        event_source source{test.io.get_executor(), server.url()};
        for (int i = 0; i < 20; ++i) {
            received first;
            asio::cancellation_signal cancel;
            auto token = asio::bind_cancellation_slot(cancel.slot(), asio::detached);
            asio::co_spawn(
                test.io,
                [](event_source& from, received& into) -> asio::awaitable<void> {
                    co_await asio::this_coro::reset_cancellation_state(
                        asio::enable_partial_cancellation());
                    co_await receive_one(from, into);
                }(source, first),
                std::move(token));
            test.run();
            cancel.emit(type);
            CHECK(test.run_until([&] { return first.over; }));
            CHECK(first.error == asio::error::operation_aborted);
        }
        REQUIRE(test.run_until([&] { return source.state() == ready_state::open; }));
        server.send(numbered(3));
        std::vector<std::string> data;
        asio::co_spawn(test.io, receive_until(source, 3, data), asio::detached);
        CHECK(test.run_until([&] { return data.size() == 3; }));
        CHECK(data == std::vector<std::string>{"0", "1", "2"});
        CHECK(server.requests().size() == 1);
        source.close();
    }
}

TEST_CASE("close ends a pending receive, and every later one") {
    context test;
    scripted_server server{test.io};
    server.stream("", then::hold);
    event_source source{test.io.get_executor(), server.url()};
    received pending;
    test.spawn(receive_one(source, pending));
    REQUIRE(test.run_until([&] { return source.state() == ready_state::open; }));
    source.close();
    source.close();
    test.run();
    CHECK(pending.error == asio::error::operation_aborted);
    CHECK(source.state() == ready_state::closed);
    received later;
    test.spawn(receive_one(source, later));
    CHECK(later.error == asio::error::operation_aborted);
}

TEST_CASE("a server sees at once that a stream was closed") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold);
    event_source source{test.io.get_executor(), server.url()};
    REQUIRE(test.run_until([&] { return source.state() == ready_state::open; }));
    source.close();
    std::optional<error_code> seen;
    char byte = 0;
    server.last().async_read_some(
        asio::buffer(&byte, 1), [&](error_code error, std::size_t) { seen = error; });
    CHECK(test.run_until([&] { return seen.has_value(); }));
    CHECK((seen == asio::error::eof || seen == asio::error::connection_reset));
}

TEST_CASE("it can be closed at every step, and leaves nothing running") {
    for (int steps = 0; steps < 40; ++steps) {
        context test;
        scripted_server server{test.io};
        server.answer("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", then::hold)
            .stream("data: a\n\n")
            .stream("data: b\n\n", then::hold);
        event_source source{test.io.get_executor(), server.url(), observed_source::at_once()};
        for (int i = 0; i < steps; ++i) {
            test.io.restart();
            test.io.run_one_for(2ms);
        }
        source.close();
        received later;
        test.spawn(receive_one(source, later));
        CHECK(later.error == asio::error::operation_aborted);
    }
}

TEST_CASE("close does not resume who receives before it has returned") {
    context test;
    scripted_server server{test.io};
    server.stream("", then::hold);
    event_source source{test.io.get_executor(), server.url()};
    received pending;
    test.spawn(receive_one(source, pending));
    REQUIRE(test.run_until([&] { return source.state() == ready_state::open; }));
    bool closing = false, resumed_within = false;
    asio::post(test.io, [&] {
        closing = true;
        source.close();
        resumed_within = pending.over;
    });
    CHECK(test.run_until([&] { return pending.over; }));
    CHECK(closing);
    CHECK_FALSE(resumed_within);
}

TEST_CASE("of two sources that are received from at once, the slower one loses nothing") {
    using namespace asio::experimental::awaitable_operators;
    context test;
    constexpr int count = 300;
    scripted_server server{test.io};
    server.stream(numbered(count), then::hold).stream(numbered(count), then::hold);
    event_source a{test.io.get_executor(), server.url()};
    event_source b{test.io.get_executor(), server.url()};
    std::vector<std::string> from_a, from_b;
    bool done = false;
    asio::co_spawn(
        test.io,
        [&]() -> asio::awaitable<void> {
            while (from_a.size() + from_b.size() < 2 * count) {
                std::variant<event, event> next = co_await (a.receive() || b.receive());
                auto& to = next.index() == 0 ? from_a : from_b;
                to.push_back(next.index() == 0 ? std::get<0>(next).data : std::get<1>(next).data);
            }
            done = true;
        },
        asio::detached);
    CHECK(test.run_until([&] { return done; }));
    for (int i = 0; i < count; ++i) {
        REQUIRE(from_a.at(static_cast<std::size_t>(i)) == std::to_string(i));
        REQUIRE(from_b.at(static_cast<std::size_t>(i)) == std::to_string(i));
    }
    a.close();
    b.close();
}

TEST_CASE("destroying it ends a pending receive") {
    context test;
    scripted_server server{test.io};
    received pending;
    {
        event_source source{test.io.get_executor(), server.url()};
        test.spawn(receive_one(source, pending));
    }
    test.run();
    CHECK(pending.error == asio::error::operation_aborted);
}

TEST_CASE("it can be moved while it is received from") {
    context test;
    scripted_server server{test.io};
    server.stream("", then::hold);
    event_source first{test.io.get_executor(), server.url()};
    received pending;
    test.spawn(receive_one(first, pending));
    event_source second{std::move(first)};
    CHECK(second.valid());
    CHECK_FALSE(first.valid()); // NOLINT(bugprone-use-after-move): that is what is tested
    REQUIRE(test.run_until([&] { return second.state() == ready_state::open; }));
    server.send("data: a\n\n");
    CHECK(test.run_until([&] { return pending.over; }));
    CHECK(pending.taken->data == "a");
    received aborted;
    test.spawn(receive_one(second, aborted));
    second = event_source{test.io.get_executor(), server.url("/other")};
    test.run();
    CHECK(aborted.error == asio::error::operation_aborted);
}

TEST_CASE("what came before the end is received before it is told") {
    context test;
    scripted_server server{test.io};
    server.stream(numbered(3)).answer("HTTP/1.1 404 Not Found\r\n\r\n");
    event_source source{test.io.get_executor(), server.url(), observed_source::at_once()};
    REQUIRE(test.run_until([&] { return source.state() == ready_state::closed; }));
    for (int i = 0; i < 3; ++i) {
        received each;
        test.spawn(receive_one(source, each));
        REQUIRE(each.taken);
        CHECK(each.taken->data == std::to_string(i));
    }
    for (int i = 0; i < 2; ++i) {
        received end;
        test.spawn(receive_one(source, end));
        CHECK(end.error == errc::unexpected_status);
    }
    source.reconnect();
    source.close();
    CHECK(source.state() == ready_state::closed);
}

TEST_CASE("who receives slowly holds up the server, and gets all in the end") {
    context test;
    const int count = 200'000;
    const std::string events = numbered(count);
    scripted_server server{test.io};
    server.stream(events);
    event_source_options options;
    options.queue_events = 16;
    std::size_t taken = 0;
    options.on_bytes = [&](std::string_view bytes) { taken += bytes.size(); };
    event_source source{test.io.get_executor(), server.url(), options};
    REQUIRE(test.run_until([&] { return source.state() == ready_state::open; }));
    for (int i = 0; i < 50; ++i) {
        test.io.restart();
        test.io.run_one_for(2ms);
    }
    CHECK(taken <= 16U * 1024);
    std::vector<std::string> data;
    asio::co_spawn(test.io, receive_until(source, count, data), asio::detached);
    REQUIRE(test.run_until([&] { return data.size() == count; }));
    CHECK(taken == events.size());
    for (int i = 0; i < count; ++i) {
        REQUIRE(data[static_cast<std::size_t>(i)] == std::to_string(i));
    }
    source.close();
}

TEST_CASE("the queue is bounded in bytes too, but for a single event") {
    context test;
    scripted_server server{test.io};
    const std::string big(300'000, 'x');
    std::string events;
    for (int i = 0; i < 20; ++i) {
        events += "data: " + big + "\n\n";
    }
    server.stream(events);
    event_source_options options;
    options.queue_bytes = 100'000;
    std::size_t bytes = 0;
    options.on_bytes = [&](std::string_view piece) { bytes += piece.size(); };
    event_source source{test.io.get_executor(), server.url(), options};
    test.run_until([&] { return bytes > big.size(); });
    for (int i = 0; i < 50; ++i) {
        test.io.restart();
        test.io.run_one_for(2ms);
    }
    CHECK(bytes < 3 * big.size());
    std::vector<std::string> data;
    asio::co_spawn(test.io, receive_until(source, 20, data), asio::detached);
    CHECK(test.run_until([&] { return data.size() == 20; }));
    source.close();
}

TEST_CASE("an event that waits for room is not lost by a reconnect") {
    context test;
    scripted_server server{test.io};
    server.stream("id: 1\ndata: 0\n\nid: 2\ndata: 1\n\nid: 3\ndata: 2\n\n", then::hold)
        .stream("data: 3\n\n", then::hold);
    event_source_options options = observed_source::at_once();
    options.queue_events = 1;
    event_source source{test.io.get_executor(), server.url(), options};
    REQUIRE(test.run_until([&] { return source.last_event_id() == "1"; }));
    source.reconnect();
    REQUIRE(test.run_until([&] { return server.requests().size() == 2; }));
    CHECK(server.requests().at(1).find("\r\nLast-Event-ID: 1\r\n") != std::string::npos);
    std::vector<std::string> data;
    asio::co_spawn(test.io, receive_until(source, 2, data), asio::detached);
    CHECK(test.run_until([&] { return data.size() == 2; }));
    CHECK(data == std::vector<std::string>{"0", "3"});
    source.close();
}

TEST_CASE("all limits may be as great as they can be") {
    constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    context test;
    scripted_server server{test.io};
    const std::string text(50'000, 'x');
    server.stream("data: " + text + "\n\n" + numbered(400), then::close);
    event_source_options options = observed_source::at_once();
    options.event_limit = none;
    options.queue_events = none;
    options.queue_bytes = none;
    options.reconnect = false;
    event_source source{test.io.get_executor(), server.url(), options};
    REQUIRE(test.run_until([&] { return source.state() == ready_state::closed; }));
    std::vector<std::string> all;
    asio::co_spawn(test.io, receive_until(source, 401, all), asio::detached);
    REQUIRE(test.run_until([&] { return all.size() == 401; }));
    CHECK(all[0] == text);
    CHECK(all[400] == "399");
}
