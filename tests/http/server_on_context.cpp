#include <crier/http/server.hpp>
#include <crier/http/stream_handler.hpp>

#include "support/context.hpp"
#include "support/loopback.hpp"
#include "support/running_server.hpp"
#include "support/served_stream.hpp"
#include "support/temporary.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <unistd.h>

#include <csignal>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using crier::exchange;
using crier::manager;
using crier::server;
using crier::server_options;
using crier::test::client;
using crier::test::context;
using crier::test::lines;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;

namespace {

server_options on_free_port(crier::logger log = [](crier::severity, std::string_view) {}) {
    server_options options;
    options.port = 0;
    options.log = std::move(log);
    return options;
}

asio::awaitable<void> echo(exchange& request) {
    return request.respond(http::status::ok, std::string{request.path()});
}

/// Counts the handlers that are under way, whichever way each ends.
struct counted {
    std::shared_ptr<int> count;
    explicit counted(std::shared_ptr<int> in) : count{std::move(in)} { ++*count; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { --*count; }
};

/// A server on a test's context, a manager, and a handler for each thing that may be under way.
struct serving {
    explicit serving(asio::io_context& io, server_options options = on_free_port()) {
        manager_options_.log = [](crier::severity, std::string_view) {};
        events.emplace(io.get_executor(), manager_options_);
        on.emplace(io, std::move(options));
        // A copy of what it needs, as handlers may go on after all this.
        on->start([count = handlers, state = state_of_manager()](
                      exchange& request) { return answer(request, count, state); });
    }
    serving(const serving&) = delete;
    serving& operator=(const serving&) = delete;

    client ask(std::string_view target) const {
        client made{on->local_endpoint().port()};
        made.get(target);
        return made;
    }

    std::shared_ptr<int> handlers = std::make_shared<int>(0);
    std::optional<manager> events;
    std::optional<server> on;

private:
    using kept_manager = std::shared_ptr<manager*>;

    kept_manager state_of_manager() { return std::make_shared<manager*>(&*events); }

    static asio::awaitable<void> answer(
        exchange& request, std::shared_ptr<int> count, kept_manager events) {
        const counted here{std::move(count)};
        if (request.path() == "/stream") {
            co_await request.stream(**events);
        } else if (request.path() == "/left") {
            request.detach_stream(**events, {});
        } else if (request.path() == "/waits") {
            crier::timer never{request.get_executor(), crier::clock::time_point::max()};
            co_await never.async_wait(asio::use_awaitable);
        } else if (request.path() == "/deaf") {
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation{});
            crier::timer later{request.get_executor(), 1h};
            co_await later.async_wait(asio::use_awaitable);
        } else if (request.path() == "/deaf/left") {
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation{});
            crier::timer later{request.get_executor(), 1h};
            co_await later.async_wait(asio::use_awaitable);
            request.detach_stream(**events, {});
        } else {
            co_await request.respond(http::status::ok, "hello");
        }
    }

    crier::manager_options manager_options_;
};

/// All that may be under way at a server's end, in one client each.
std::deque<client> in_all_states(context& test, const serving& in) {
    std::deque<client> peers;
    const auto begin = [&](const char* target, const char* awaited) {
        peers.push_back(in.ask(target));
        std::string got;
        CHECK(test.run_until([&] {
            got += peers.back().read_available();
            return got.find(awaited) != got.npos;
        }));
    };
    begin("/", "hello");
    begin("/stream", "\r\n\r\n");
    begin("/left", "\r\n\r\n");
    peers.push_back(in.ask("/waits"));
    peers.emplace_back(in.on->local_endpoint().port()).send("POST / HTTP/1.1\r\nHos");
    peers.emplace_back(in.on->local_endpoint().port()).send("nonsense\r\n\r\n");
    CHECK(test.run_until([&] { return in.on->connections() == 6 && *in.handlers == 2; }));
    return peers;
}

} // namespace

TEST_CASE("a server on the program's context serves beside the program's own handlers") {
    context test;
    bool is_game_on = false;
    asio::post(test.io, [&is_game_on] { is_game_on = true; });
    manager events{test.io.get_executor()};
    server serves{test.io, on_free_port()};
    CHECK(serves.get_executor() == test.io.get_executor());
    serves.start(crier::stream_handler(events));
    CHECK_FALSE(is_game_on);
    client peer{serves.local_endpoint().port()};
    peer.get("/news");
    std::string got;
    CHECK(test.run_until([&] {
        got += peer.read_available();
        return got.find("\r\n\r\n") != got.npos;
    }));
    CHECK(is_game_on);
    CHECK(serves.connections() == 1);
    events.publish("/news", "1");
    test.run();
    CHECK(peer.read_available().find("data: 1\n") != std::string::npos);
    serves.on_shutdown([&events] { events.shutdown(); });
    serves.shutdown(1s);
    test.run();
    CHECK(peer.read_available().ends_with("0\r\n\r\n"));
    CHECK(test.io.stopped());
    CHECK(serves.connections() == 0);
}

TEST_CASE("after a shutdown and its deadline nothing of the server is left on the context") {
    context test;
    serving in{test.io};
    const std::deque<client> peers = in_all_states(test, in);
    in.on->shutdown(2s);
    test.run();
    CHECK_FALSE(test.io.stopped());
    CHECK(in.on->connections() == 3);
    test.advance(2s);
    test.advance(100ms);
    CHECK(in.on->connections() == 0);
    CHECK(*in.handlers == 0);
    CHECK(streams_of(*in.events).open == 0);
    CHECK(test.io.stopped());
}

TEST_CASE("a handler that ignores its cancellation goes on after the deadline, which is told") {
    context test;
    lines logged;
    serving in{test.io, on_free_port(logged.logger())};
    const client peer = in.ask("/deaf");
    CHECK(test.run_until([&] { return *in.handlers == 1; }));
    in.on->shutdown(1s);
    test.run();
    test.advance(1s);
    CHECK_FALSE(logged.contain("handlers go on"));
    test.advance(100ms);
    CHECK(logged.contain("handlers go on after the deadline"));
    CHECK(*in.handlers == 1);
    test.advance(1h);
    CHECK(*in.handlers == 0);
    CHECK(test.io.stopped());
}

TEST_CASE("a server that is destroyed with connections open ends them, and the context goes on") {
    context test;
    std::optional<serving> in{std::in_place, test.io};
    const std::deque<client> peers = in_all_states(test, *in);
    const std::shared_ptr<int> handlers = in->handlers;
    in->on.reset();
    test.run();
    test.advance(100ms);
    CHECK(*handlers == 0);
    CHECK(streams_of(*in->events).open == 0);
    CHECK(test.io.stopped());
    in.reset();
}

TEST_CASE("a server that is destroyed with connections open leaves what its context destroys") {
    auto test = std::make_unique<context>();
    auto io = std::make_unique<asio::io_context>(1);
    std::shared_ptr<int> handlers;
    {
        serving in{test->io};
        handlers = in.handlers;
        const std::deque<client> peers = in_all_states(*test, in);
        const client deaf = in.ask("/deaf");
        CHECK(test->run_until([&] { return *handlers == 3; }));
        // The context of the test checks that nothing is left; another one is just destroyed.
        in.on.reset();
        test->run();
        test->advance(100ms);
        CHECK(*handlers == 1);
        in.events.reset();
        test->advance(1h);
        CHECK(*handlers == 0);
    }
    {
        serving in{*io};
        handlers = in.handlers;
        std::vector<client> peers;
        for (const char* const target : {"/stream", "/left", "/waits", "/deaf", "/"}) {
            peers.push_back(in.ask(target));
        }
        while (*handlers < 3 || streams_of(*in.events).open < 2) {
            io->poll();
            io->restart();
        }
    }
    CHECK(*handlers > 0);
    io.reset();
    CHECK(*handlers == 0);
}

TEST_CASE("a stream that is left to a server that has gone does not begin") {
    context test;
    lines logged;
    serving in{test.io, on_free_port(logged.logger())};
    const client peer = in.ask("/deaf/left");
    CHECK(test.run_until([&] { return *in.handlers == 1; }));
    in.on.reset();
    test.advance(1h);
    CHECK(*in.handlers == 0);
    CHECK(streams_of(*in.events).open == 0);
    CHECK(logged.contain("a stream failed"));
}

TEST_CASE("a server that goes leaves other streams on its context alone") {
    context test;
    manager events{test.io.get_executor()};
    server other{test.io, on_free_port()};
    other.start(crier::stream_handler(events));
    client theirs{other.local_endpoint().port()};
    theirs.get("/news");
    CHECK(test.run_until([&] { return streams_of(events).open == 1; }));
    crier::test::stream mine{test, events, crier::test::topic("/news")};
    {
        serving in{test.io};
        const std::deque<client> peers = in_all_states(test, in);
    }
    test.run();
    CHECK(streams_of(events).open == 2);
    events.publish("/news", "still here");
    CHECK(mine.read().find("still here") != std::string::npos);
    CHECK(theirs.read_available().find("still here") != std::string::npos);
    other.shutdown(0s);
    test.advance(100ms);
}

TEST_CASE("a server that never began, or is shut down before, leaves nothing") {
    context test;
    {
        const server unused{test.io, on_free_port()};
        test.run();
    }
    test.run();
    CHECK(test.io.stopped());
    server ended{test.io, on_free_port()};
    ended.shutdown();
    ended.start(echo);
    test.run();
    CHECK(test.io.stopped());
    CHECK(ended.connections() == 0);
}

TEST_CASE("a server is run where its threads are its own, and started where they are not") {
    context test;
    server_options options = on_free_port();
    server own{options};
    CHECK_THROWS_AS(own.start(echo), std::logic_error);
    server foreign{test.io, options};
    CHECK_THROWS_AS(foreign.run(echo), std::logic_error);
    foreign.start(echo);
    CHECK_THROWS_AS(foreign.start(echo), std::logic_error);
    foreign.shutdown();
    options.threads = 2;
    CHECK_THROWS_WITH_AS((server{test.io, options}),
        "threads is 2; a server on the program's context has that one thread",
        std::invalid_argument);
}

TEST_CASE("a signal shuts a server on the program's context down") {
    context test;
    server serves{test.io, on_free_port()};
    bool is_told = false;
    serves.on_shutdown([&is_told] { is_told = true; });
    serves.shutdown_on_signals(0ms);
    serves.start(echo);
    client peer{serves.local_endpoint().port()};
    peer.get("/a");
    CHECK(test.run_until([&] { return peer.read_available().ends_with("/a"); }));
    std::raise(SIGTERM);
    CHECK(test.run_until([&] { return is_told && serves.connections() == 0; }));
}

TEST_CASE("a server gives its Unix socket's file back when it goes, whatever is still open") {
    context test;
    const crier::test::temporary_directory in_it;
    const std::string path = in_it.file("socket");
    server_options options = on_free_port();
    options.unix_socket = path;
    {
        serving in{test.io, options};
        const client deaf = in.ask("/deaf");
        CHECK(test.run_until([&] { return *in.handlers == 1; }));
        in.on.reset();
        CHECK(::access(path.c_str(), F_OK) != 0);
        test.advance(1h);
    }
}
