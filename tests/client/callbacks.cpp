// What holds for callbacks: whatever they do, and when they are not called any more.

#include <crier/client/event_source.hpp>

#include "support/observed_source.hpp"
#include "support/scripted_server.hpp"

#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using crier::event_source;
using crier::event_source_options;
using crier::ready_state;
using crier::test::context;
using crier::test::observed_source;
using crier::test::scripted_server;
using crier::test::then;
namespace asio = boost::asio;
using namespace std::chrono_literals;

TEST_CASE("it may be closed, and gone, within each callback") {
    for (int which = 0; which < 4; ++which) {
        CAPTURE(which);
        context test;
        scripted_server server{test.io};
        server.stream(":\ndata: a\n\n");
        std::optional<event_source> source;
        event_source_options options = observed_source::at_once();
        options.on_state_change = [&](const crier::state_change& change) {
            if ((which == 0 && change.state == ready_state::open) ||
                (which == 1 && change.state == ready_state::connecting)) {
                source.reset();
            }
        };
        options.on_comment = [&](std::string_view) {
            if (which == 2) {
                source.reset();
            }
        };
        options.on_bytes = [&](std::string_view) {
            if (which == 3) {
                source.reset();
            }
        };
        source.emplace(test.io.get_executor(), server.url(), options);
        CHECK(test.run_until([&] { return !source; }));
    }
}

TEST_CASE("once it has gone, nothing more of what had come is told") {
    const std::string body = ":\n:\n\ndata: a\n\n:\ndata: b\n\n";
    for (const std::size_t comments_before : {1U, 2U}) {
        context test;
        scripted_server server{test.io};
        server.stream(body, then::hold);
        std::optional<event_source> source;
        std::size_t comments = 0;
        event_source_options options;
        options.on_comment = [&](std::string_view) {
            if (++comments == 1 && comments_before == 1) {
                source.reset();
            }
        };
        source.emplace(test.io.get_executor(), server.url(), options);
        asio::co_spawn(
            test.io,
            [](std::optional<event_source>& from) -> asio::awaitable<void> {
                co_await from->receive();
                from.reset();
            }(source),
            asio::detached);
        CHECK(test.run_until([&] { return !source; }));
        for (int i = 0; i < 20; ++i) {
            test.io.restart();
            test.io.run_one_for(2ms);
        }
        CHECK(comments == comments_before);
    }
}

TEST_CASE("once it has gone, no bytes that had come are told") {
    context test;
    scripted_server server{test.io};
    server.stream("", then::hold);
    std::optional<event_source> source;
    int pieces = 0;
    event_source_options options;
    options.on_bytes = [&](std::string_view) { ++pieces; };
    source.emplace(test.io.get_executor(), server.url(), options);
    REQUIRE(test.run_until([&] { return source->state() == ready_state::open; }));
    server.send("data: a\n\n");
    // The read is over, and its completion waits behind the end.
    asio::post(test.io, [&] { source.reset(); });
    for (int i = 0; i < 20; ++i) {
        test.io.restart();
        test.io.run_one_for(2ms);
    }
    CHECK_FALSE(source);
    CHECK(pieces <= 1);
    const int before = pieces;
    test.run();
    CHECK(pieces == before);
}

TEST_CASE("what a callback throws ends it, and is thrown to who receives") {
    for (int which = 0; which < 4; ++which) {
        CAPTURE(which);
        context test;
        scripted_server server{test.io};
        server.stream(":\n");
        const auto fail_if = [which](int each) {
            if (which == each) {
                throw std::runtime_error{"own failure"};
            }
        };
        event_source_options options = observed_source::at_once();
        std::vector<ready_state> states;
        options.on_state_change = [&](const crier::state_change& change) {
            states.push_back(change.state);
            fail_if(0);
        };
        options.on_comment = [&](std::string_view) { fail_if(1); };
        options.on_bytes = [&](std::string_view) { fail_if(2); };
        options.random = [&] {
            fail_if(3);
            return 0.0;
        };
        event_source source{test.io.get_executor(), server.url(), options};
        std::string words;
        asio::co_spawn(test.io, source.receive(), [&](const std::exception_ptr& error, auto&&) {
            try {
                std::rethrow_exception(error);
            } catch (const std::runtime_error& failure) {
                words = failure.what();
            }
        });
        CHECK(test.run_until([&] { return !words.empty(); }));
        CHECK(words == "own failure");
        CHECK(source.state() == ready_state::closed);
        CHECK(states.back() == ready_state::closed);
    }
}

TEST_CASE("what a callback throws after it has closed the source is no other end") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold);
    std::optional<event_source> source;
    std::vector<ready_state> states;
    event_source_options options;
    options.on_state_change = [&](const crier::state_change& change) {
        states.push_back(change.state);
    };
    options.on_bytes = [&](std::string_view) {
        source->close();
        throw std::runtime_error{"own failure"};
    };
    source.emplace(test.io.get_executor(), server.url(), options);
    CHECK(test.run_until([&] { return source->state() == ready_state::closed; }));
    test.run();
    CHECK(states == std::vector{ready_state::open, ready_state::closed});
    boost::system::error_code told;
    asio::co_spawn(test.io, source->receive(), [&](const std::exception_ptr& error, auto&&) {
        try {
            std::rethrow_exception(error);
        } catch (const boost::system::system_error& failure) {
            told = failure.code();
        }
    });
    test.run();
    CHECK(told == asio::error::operation_aborted);
}
