// When on_silence is called, and with what.

#include "support/observed_source.hpp"
#include "support/scripted_server.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using crier::errc;
using crier::event_source;
using crier::event_source_options;
using crier::ready_state;
using crier::silence;
using crier::test::context;
using crier::test::observed_source;
using crier::test::scripted_server;
using crier::test::then;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

struct heard {
    event_source_options options(std::chrono::milliseconds after = 10s) {
        event_source_options made = observed_source::at_once();
        made.silence_after = after;
        made.on_silence = [this](const silence& each) { told.push_back(each); };
        return made;
    }

    std::vector<silence> told;
};

} // namespace

TEST_CASE("a silence is told once when it is long, and once when it is over") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold);
    heard silences;
    observed_source client{test, server.url(), silences.options()};
    REQUIRE(client.has_events(1));
    for (std::size_t round = 0; round < 2; ++round) {
        test.advance(9s);
        CHECK(silences.told.size() == 2 * round);
        test.advance(1s);
        REQUIRE(silences.told.size() == 2 * round + 1);
        CHECK(silences.told.back().lasted == 10s);
        CHECK_FALSE(silences.told.back().is_over);
        test.advance(25s);
        CHECK(silences.told.size() == 2 * round + 1);
        server.send("data: b\n\n");
        REQUIRE(client.has_events(round + 2));
        REQUIRE(silences.told.size() == 2 * round + 2);
        CHECK(silences.told.back().lasted == 35s);
        CHECK(silences.told.back().is_over);
    }
    CHECK(client.changes.size() == 1);
}

TEST_CASE("a heartbeat, and a part of an event, are no silence") {
    context test;
    scripted_server server{test.io};
    server.stream("", then::hold);
    heard silences;
    event_source_options options = silences.options();
    std::string bytes;
    options.on_bytes = [&](std::string_view next) { bytes += next; };
    observed_source client{test, server.url(), options};
    REQUIRE(client.has_changes(1));
    for (const std::string_view next : {":\n", "\n", "d", "ata: a"}) {
        test.advance(9s);
        server.send(next);
        REQUIRE(test.run_until([&] { return bytes.ends_with(next); }));
    }
    CHECK(bytes == ":\n\ndata: a");
    CHECK(client.comments.size() == 1);
    CHECK(silences.told.empty());
}

TEST_CASE("the end of a silent stream is told as a change alone, and the next stream begins anew") {
    context test;
    scripted_server server{test.io};
    server.stream("", then::hold).stream("data: b\n\n", then::hold);
    heard silences;
    observed_source client{test, server.url(), silences.options()};
    REQUIRE(client.has_changes(1));
    test.advance(10s);
    CHECK(silences.told.size() == 1);
    server.last().close();
    REQUIRE(client.has_events(1));
    CHECK(client.changes.size() == 3);
    test.advance(9s);
    CHECK(silences.told.size() == 1);
    test.advance(1s);
    CHECK(silences.told.size() == 2);
    CHECK(silences.told.back().lasted == 10s);
    CHECK_FALSE(silences.told.back().is_over);
}

TEST_CASE("a silence is told before the stream is given up, if that is later") {
    for (const bool is_later : {true, false}) {
        CAPTURE(is_later);
        context test;
        scripted_server server{test.io};
        server.stream("", then::hold).stream("data: b\n\n", then::hold);
        heard silences;
        event_source_options options = silences.options();
        options.idle_timeout = is_later ? 15s : 5s;
        observed_source client{test, server.url(), options};
        REQUIRE(client.has_changes(1));
        test.advance(is_later ? 10s : 5s);
        CHECK(silences.told.size() == (is_later ? 1 : 0));
        test.advance(is_later ? 5s : 0s);
        REQUIRE(client.has_events(1));
        CHECK(client.changes.at(1).reason == errc::idle_timeout);
        CHECK(silences.told.size() == (is_later ? 1 : 0));
    }
}

TEST_CASE("an attempt is not silent, whatever it waits for") {
    context test;
    scripted_server server{test.io};
    heard silences;
    observed_source client{test, server.url(), silences.options()};
    REQUIRE(test.run_until([&] { return server.requests().size() == 1; }));
    test.advance(30s);
    CHECK(silences.told.empty());
}

TEST_CASE("while the queue is full there is no silence") {
    context test;
    scripted_server server{test.io};
    server.stream("id: 1\ndata: a\n\n", then::hold);
    heard silences;
    event_source_options options = silences.options();
    options.queue_events = 1;
    event_source source{test.io.get_executor(), server.url(), options};
    REQUIRE(test.run_until([&] { return source.last_event_id() == "1"; }));
    test.advance(1h);
    CHECK(silences.told.empty());
    asio::co_spawn(test.io, source.receive(), [](const std::exception_ptr&, auto&&) {});
    test.run();
    test.advance(9s);
    CHECK(silences.told.empty());
    test.advance(1s);
    CHECK(silences.told.size() == 1); // it reads on, from then
    source.close();
}

TEST_CASE("the time to be silent is a minute by default, and may be for ever") {
    for (const auto given : {0ms, -1ms, std::chrono::milliseconds::max()}) {
        CAPTURE(given.count());
        context test;
        scripted_server server{test.io};
        server.stream("", then::hold);
        heard silences;
        observed_source client{test, server.url(), silences.options(given)};
        REQUIRE(client.has_changes(1));
        test.advance(59s);
        CHECK(silences.told.empty());
        test.advance(1s);
        CHECK(silences.told.size() == (given.count() > 0 ? 0 : 1));
        test.advance(24h);
        CHECK(silences.told.size() == (given.count() > 0 ? 0 : 1));
    }
}

TEST_CASE("whoever is told of a silence may reconnect, close the source, or destroy it") {
    enum what { to_reconnect, to_close, to_destroy };
    for (const bool when_over : {false, true}) {
        for (const what done : {to_reconnect, to_close, to_destroy}) {
            CAPTURE(when_over);
            CAPTURE(done);
            context test;
            scripted_server server{test.io};
            server.stream("", then::hold).stream("data: b\n\n", then::hold);
            std::optional<event_source> source;
            int calls = 0;
            int pieces = 0;
            event_source_options options = observed_source::at_once();
            options.silence_after = 10s;
            options.on_bytes = [&](std::string_view) { ++pieces; };
            options.on_silence = [&](const silence& each) {
                ++calls;
                if (each.is_over == when_over) {
                    done == to_reconnect ? source->reconnect()
                    : done == to_close   ? source->close()
                                         : source.reset();
                }
            };
            source.emplace(test.io.get_executor(), server.url(), options);
            REQUIRE(test.run_until([&] { return source->state() == ready_state::open; }));
            test.advance(10s);
            CHECK(calls == 1);
            if (when_over) {
                server.send("data: a\n\n");
                CHECK(test.run_until([&] { return calls == 2; }));
            }
            if (done == to_reconnect) {
                CHECK(test.run_until([&] { return server.requests().size() == 2; }));
                CHECK(test.run_until([&] { return pieces > 0; }));
            } else {
                test.advance(1h);
                CHECK(calls == (when_over ? 2 : 1));
                CHECK(pieces == 0);
                CHECK(server.requests().size() == 1);
            }
        }
    }
}

TEST_CASE("what on_silence throws ends the source, and is thrown to who receives") {
    for (const bool when_over : {false, true}) {
        for (const bool closes : {false, true}) {
            CAPTURE(when_over);
            CAPTURE(closes);
            context test;
            scripted_server server{test.io};
            server.stream("", then::hold);
            std::optional<event_source> source;
            std::vector<crier::change_kind> kinds;
            event_source_options options = observed_source::at_once();
            options.silence_after = 10s;
            options.on_state_change = [&](const crier::state_change& change) {
                kinds.push_back(change.kind);
            };
            options.on_silence = [&](const silence& each) {
                if (each.is_over == when_over) {
                    if (closes) {
                        source->close();
                    }
                    throw std::runtime_error{"own failure"};
                }
            };
            source.emplace(test.io.get_executor(), server.url(), options);
            std::string words;
            asio::co_spawn(
                test.io, source->receive(), [&](const std::exception_ptr& error, auto&&) {
                    try {
                        std::rethrow_exception(error);
                    } catch (const std::exception& failure) {
                        words = failure.what();
                    }
                });
            REQUIRE(test.run_until([&] { return source->state() == ready_state::open; }));
            test.advance(10s);
            if (when_over) {
                server.send("data: a\n\n");
            }
            REQUIRE(test.run_until([&] { return !words.empty(); }));
            CHECK(words.starts_with(closes ? "closed by the program" : "own failure"));
            CHECK(source->state() == ready_state::closed);
            using enum crier::change_kind;
            CHECK(kinds == std::vector{opened, closes ? closed_by_program : failed});
        }
    }
}
