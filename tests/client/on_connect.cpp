// What may be set before each attempt, by a coroutine of the user's own.

#include <crier/async/clock.hpp>

#include "support/observed_source.hpp"
#include "support/scripted_server.hpp"

#include <boost/asio/strand.hpp>
#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>

using crier::errc;
using crier::event_source_options;
using crier::ready_state;
using crier::stream_request;
using crier::test::context;
using crier::test::observed_source;
using crier::test::scripted_server;
using crier::test::then;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

bool holds(const std::string& request, std::string_view line) {
    return request.find(std::string{"\r\n"}.append(line)) != request.npos;
}

std::string redirect_to(const std::string& location) {
    return "HTTP/1.1 307 Elsewhere\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n";
}

/// An on_connect that does not return by itself, and tells how it has ended.
struct endless {
    int begun = 0;
    int cancelled = 0;

    asio::awaitable<void> wait() {
        ++begun;
        crier::timer forever{co_await asio::this_coro::executor, 1h};
        try {
            co_await forever.async_wait(asio::use_awaitable);
        } catch (const boost::system::system_error& error) {
            cancelled += error.code() == asio::error::operation_aborted ? 1 : 0;
            throw;
        }
    }
};

} // namespace

TEST_CASE("each attempt is given the request of the options, and may set all of it") {
    context test;
    scripted_server server{test.io};
    server.stream("id: 1\ndata: a\n\n").stream("data: b\n\n", then::hold);
    event_source_options options = observed_source::at_once();
    options.method = "REPORT";
    options.headers = {{"X-Fixed", "1"}};
    options.body = "fixed";
    int attempts = 0;
    options.on_connect = [&](stream_request& next) -> asio::awaitable<void> {
        CHECK(next.url == server.url("/fixed"));
        CHECK(next.headers.size() == 1);
        CHECK(next.body == "fixed");
        const std::string number = std::to_string(++attempts);
        next.url = server.url("/" + number);
        next.headers.push_back({"Authorization", "Bearer " + number});
        next.body = "body " + number;
        co_return;
    };
    observed_source client{test, server.url("/fixed"), options};
    REQUIRE(client.has_events(2));
    for (int i = 1; i <= 2; ++i) {
        const std::string number = std::to_string(i);
        const std::string& request = server.requests().at(static_cast<std::size_t>(i) - 1);
        CHECK(request.starts_with("REPORT /" + number + " HTTP/1.1\r\n"));
        CHECK(holds(request, "X-Fixed: 1\r\n"));
        CHECK(holds(request, "Authorization: Bearer " + number + "\r\n"));
        CHECK(request.ends_with("\r\n\r\nbody " + number));
    }
    CHECK(holds(server.requests().at(1), "Last-Event-ID: 1\r\n"));
    CHECK(client.changes.at(0).url == server.url("/1"));
}

TEST_CASE("what it sets is kept from other origins, and it is not asked before a redirect") {
    context test;
    scripted_server server{test.io};
    scripted_server other{test.io};
    server.answer(redirect_to("/again"), then::hold)
        .answer(redirect_to(other.url("/x")), then::hold);
    other.stream("data: a\n\n", then::hold);
    event_source_options options;
    int attempts = 0;
    options.on_connect = [&](stream_request& next) -> asio::awaitable<void> {
        ++attempts;
        next.headers.push_back({"Authorization", "secret"});
        co_return;
    };
    observed_source client{test, server.url(), options};
    REQUIRE(client.has_events(1));
    CHECK(attempts == 1);
    CHECK(holds(server.requests().at(1), "Authorization: secret\r\n"));
    CHECK(other.requests().at(0).find("secret") == std::string::npos);
}

TEST_CASE("what it throws is a failure of the attempt, waited for like others") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold);
    event_source_options options;
    options.random = [] { return 1.0; };
    options.method = "POST"; // which has not been sent
    int attempts = 0;
    options.on_connect = [&](stream_request&) -> asio::awaitable<void> {
        switch (++attempts) {
        case 1: throw std::runtime_error{"no token"};
        case 2: throw boost::system::system_error{asio::error::host_unreachable};
        case 3: throw 1;
        default: co_return;
        }
    };
    observed_source client{test, server.url(), options};
    for (std::size_t i = 1; i <= 3; ++i) {
        REQUIRE(client.has_changes(i));
        CHECK(client.changes.at(i - 1).state == ready_state::connecting);
        test.advance(client.changes.at(i - 1).delay);
    }
    CHECK(client.changes[0].reason == errc::callback_failed);
    CHECK(client.changes[0].message == "on_connect: no token");
    CHECK(client.changes[0].delay == 3600ms);
    CHECK(client.changes[1].reason == asio::error::host_unreachable);
    CHECK(client.changes[1].delay == 6s);
    CHECK(client.changes[2].reason == errc::callback_failed);
    CHECK(client.changes[2].delay == 12s);
    CHECK(client.has_events(1));
    CHECK(server.requests().size() == 1);
}

TEST_CASE("a request that cannot be sent is a failure of the attempt, and says why") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold);
    event_source_options options = observed_source::at_once();
    int attempts = 0;
    options.on_connect = [&](stream_request& next) -> asio::awaitable<void> {
        switch (++attempts) {
        case 1: next.url = "/relative"; break;
        case 2: next.headers.push_back({"X-A", "1\r\nX-B: 2"}); break;
        case 3: next.headers.push_back({"Host", "x"}); break;
        default: break;
        }
        co_return;
    };
    observed_source client{test, server.url(), options};
    for (std::size_t i = 1; i <= 3; ++i) {
        REQUIRE(client.has_changes(i));
        test.advance(1min);
    }
    CHECK(
        client.changes[0].message.find("\"/relative\": URL must be absolute") != std::string::npos);
    CHECK(client.changes[1].message.find("header \"X-A\"") != std::string::npos);
    CHECK(client.changes[2].message.find("header \"Host\"") != std::string::npos);
    CHECK(client.has_events(1));
    CHECK(server.requests().size() == 1);
}

TEST_CASE("reconnect cancels it, and begins it anew") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold);
    endless token;
    event_source_options options = observed_source::at_once();
    options.on_connect = [&](stream_request&) -> asio::awaitable<void> {
        if (token.begun < 2) {
            return token.wait();
        }
        return {};
    };
    observed_source client{test, server.url(), options};
    for (int i = 1; i <= 2; ++i) {
        REQUIRE(test.run_until([&] { return token.begun == i; }));
        client.source.reconnect();
        REQUIRE(test.run_until([&] { return token.cancelled == i; }));
        CHECK_FALSE(client.changes.back().reason);
    }
    CHECK(client.has_events(1));
}

TEST_CASE("close and the end of the source cancel it") {
    for (const bool on_strand : {false, true}) {
        for (const bool closed : {false, true}) {
            context test;
            endless token;
            event_source_options options;
            options.on_connect = [&](stream_request&) { return token.wait(); };
            asio::any_io_executor executor = test.io.get_executor();
            if (on_strand) {
                executor = asio::make_strand(test.io);
            }
            std::optional<crier::event_source> source;
            source.emplace(executor, "http://127.0.0.1:1/", options);
            REQUIRE(test.run_until([&] { return token.begun == 1; }));
            if (closed) {
                source->close();
            } else {
                source.reset();
            }
            CHECK(test.run_until([&] { return token.cancelled == 1; }));
            test.run();
            CHECK(token.begun == 1);
        }
    }
}

TEST_CASE("its coroutine goes with the context that it waits on") {
    endless token;
    {
        asio::io_context io{1};
        event_source_options options;
        options.on_connect = [&](stream_request&) { return token.wait(); };
        const crier::event_source source{io.get_executor(), "http://127.0.0.1:1/", options};
        while (token.begun == 0) {
            io.run_one();
        }
        // The context goes after the source, but does not run any more.
    }
    CHECK(token.cancelled == 0);
}

TEST_CASE("one that does not heed its cancellation asks nothing of a server any more") {
    context test;
    scripted_server server{test.io};
    bool over = false;
    event_source_options options = observed_source::at_once();
    options.on_connect = [&](stream_request&) -> asio::awaitable<void> {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        crier::timer wait{co_await asio::this_coro::executor, 5s};
        co_await wait.async_wait(asio::use_awaitable);
        over = true;
    };
    observed_source client{test, server.url(), options};
    test.run();
    client.source.close();
    test.run();
    CHECK_FALSE(over);
    test.advance(5s);
    CHECK(over);
    test.run();
    CHECK(server.requests().empty());
}
