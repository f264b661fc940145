// Whatever allocation fails in a client's life: it goes on, or it says that it does not, and what
// it had not received comes after the last event id. To leave needs no memory at all.
//
// What fails is `operator new` and the memory of Asio's handlers, on the client's thread. What
// OpenSSL and the system's resolver take with `malloc` does not.

#include <crier/async/clock.hpp>
#include <crier/client/event_source.hpp>

#include "support/resuming_server.hpp"
#include "support/sweep.hpp"
#include "support/temporary.hpp"

#include <boost/asio/strand.hpp>

#include <chrono>
#include <optional>
#include <string>

using boost::system::error_code;
using crier::event_source;
using crier::event_source_options;
using crier::ready_state;
using crier::test::certificate;
using crier::test::context;
using crier::test::failing;
using crier::test::failing_part;
using crier::test::resuming_server;
using crier::test::sweep;
using crier::test::temporary_directory;
using crier::test::temporary_file;
namespace asio = boost::asio;

namespace {

struct progress {
    bool first = false;
    bool second = false;
    bool lost = false; ///< the second event came without the first
    bool receives = false;

    void take(const crier::event& next) noexcept {
        first = first || next.data == "a";
        second = second || next.data == "b";
        lost = lost || (second && !first);
    }
};

asio::awaitable<void> follow(event_source& from, progress& seen) {
    struct presence {
        bool& mark;
        ~presence() { mark = false; }
    };
    seen.receives = true;
    const presence present{seen.receives};
    try {
        while (true) {
            const crier::event next = co_await from.receive();
            seen.take(next);
        }
    } catch (const std::exception&) {
        // Told: whoever called goes on.
    }
}

/// Runs the client until the condition holds, as a program goes on after a handler that threw.
template <class Condition>
bool run_until(asio::io_context& io, Condition condition) {
    const auto longest = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > longest) {
            return false;
        }
        io.restart();
        crier::test::attempt([&] { io.run_one_for(std::chrono::milliseconds{5}); });
    }
    return true;
}

void begin(event_source& source, progress& seen) {
    seen.receives = true;
    try {
        asio::co_spawn(source.get_executor(), follow(source, seen), asio::detached);
    } catch (...) {
        seen.receives = false;
        throw;
    }
}

/// Where a client comes from, and on what it runs.
struct setting {
    std::string url{};
    std::string ca_file{};
    bool on_strand = false;
    std::string proxy{};
    std::string unix_socket{};
    bool asks_first = false; ///< by an on_connect

    event_source_options options(const std::string& last_event_id = {}) const {
        event_source_options made;
        made.reconnection_time = std::chrono::milliseconds{0};
        made.random = [] { return 0.0; };
        made.last_event_id = last_event_id;
        made.tls.ca_file = ca_file;
        made.proxy.url = proxy;
        made.unix_socket = unix_socket;
        made.keep_cookies = true;
        made.on_silence = [](const crier::silence&) {};
        if (asks_first) {
            made.on_connect = [](crier::stream_request& next) -> asio::awaitable<void> {
                co_await asio::post(asio::use_awaitable);
                next.headers.push_back({"Authorization", "a rather long token: 0000000001"});
            };
        }
        return made;
    }

    event_source::executor_type executor(asio::io_context& io) const {
        if (on_strand) {
            return asio::make_strand(io);
        }
        return io.get_executor();
    }
};

/// Receives until the second event, from the source or, where it has closed, from another one.
void receive_the_rest(const setting& from, context& test, std::optional<event_source>& source,
    const event_source::executor_type& executor, progress& seen) {
    while (!seen.second) {
        if (!source || (source->state() == ready_state::closed && !seen.receives)) {
            const std::string id = source ? source->last_event_id() : "";
            // What it has queued is not lost.
            if (source) {
                begin(*source, seen);
                REQUIRE(run_until(test.io, [&] { return !seen.receives; }));
            }
            source.emplace(executor, from.url, from.options(id));
        }
        if (!seen.receives) {
            begin(*source, seen);
        }
        REQUIRE(run_until(test.io, [&] { return seen.second || !seen.receives; }));
    }
    CHECK_FALSE(seen.lost);
    source->close();
    CHECK(run_until(test.io, [&] { return !seen.receives; }));
}

long sweep_with_receiver(const setting& from) {
    return sweep(failing::once, [&](failing_part& part) {
        context test;
        const auto executor = from.executor(test.io);
        progress seen;
        std::optional<event_source> source;
        event_source_options options = from.options();
        bool in_time = true;
        part([&] {
            source.emplace(executor, from.url, std::move(options));
            begin(*source, seen);
            in_time = run_until(test.io, [&] { return seen.second || !seen.receives; });
        });
        REQUIRE(in_time);
        receive_the_rest(from, test, source, executor, seen);
    });
}

/// Without a receiver: where Asio finds no memory to destroy the caller's own coroutine
/// (`~awaitable_thread`), the process ends.
long sweep_without_receiver(failing how, const setting& from) {
    return sweep(how, [&](failing_part& part) {
        context test;
        const auto executor = from.executor(test.io);
        progress seen;
        std::optional<event_source> source;
        event_source_options options = from.options();
        bool in_time = true;
        part([&] {
            source.emplace(executor, from.url, std::move(options));
            in_time = run_until(test.io, [&] {
                return source->state() == ready_state::closed ||
                       source->last_event_id() == resuming_server::second_id;
            });
        });
        REQUIRE(in_time);
        receive_the_rest(from, test, source, executor, seen);
    });
}

void sweep_life(const setting& from) {
    const long swept = sweep_with_receiver(from);
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
    CHECK(sweep_without_receiver(failing::from_then_on, from) > 0);
}

} // namespace

TEST_CASE("a client goes on or says that it does not, and then another one resumes") {
    const resuming_server server;
    sweep_life({.url = server.url()});
}

TEST_CASE("a client of a host by its name goes on or says that it does not") {
    const resuming_server server;
    sweep_life({.url = server.url("localhost")});
}

TEST_CASE("a client that is redirected goes on or says that it does not") {
    const resuming_server server;
    sweep_life({.url = server.url("127.0.0.1", "/moved")});
}

TEST_CASE("a client that is told of an error, and of a cookie, goes on or says that it does not") {
    const resuming_server server;
    sweep_life({.url = server.url("127.0.0.1", "/busy")});
}

TEST_CASE("a client that asks for a token goes on or says that it does not") {
    const resuming_server server;
    sweep_life({.url = server.url(), .asks_first = true});
}

TEST_CASE("a client over TLS goes on or says that it does not") {
    const certificate identity{"DNS:localhost,IP:127.0.0.1"};
    const temporary_file trusted{identity.pem()};
    const resuming_server server{&identity};
    sweep_life({.url = server.url(), .ca_file = trusted.path()});
}

TEST_CASE("a client of a proxy goes on or says that it does not") {
    const resuming_server server;
    sweep_life({.url = "http://example.test/", .proxy = server.proxy()});
}

TEST_CASE("a client in a proxy's tunnel goes on or says that it does not") {
    const certificate identity{"DNS:example.test"};
    const temporary_file trusted{identity.pem()};
    const resuming_server server{&identity};
    sweep_life(
        {.url = "https://example.test/", .ca_file = trusted.path(), .proxy = server.proxy()});
}

TEST_CASE("a client of a Unix socket goes on or says that it does not") {
    const temporary_directory directory;
    resuming_server server;
    server.listen_at(directory.file("s"));
    sweep_life({.url = "http://localhost/", .unix_socket = directory.file("s")});
}

TEST_CASE("a client on a strand goes on or says that it does not") {
    // Where a strand of Asio 1.81 goes on with what was posted to it meanwhile, it allocates in a
    // destructor (`strand_executor_service::invoker`), and the process ends where that fails. Where
    // it finds no memory to begin (`strand_executor_service::do_execute`), it never runs again.
    const crier::test::spared_handlers of_the_strand;
    const resuming_server server;
    sweep_life({.url = server.url(), .on_strand = true});
    sweep_life({.url = server.url(), .on_strand = true, .asks_first = true});
}

TEST_CASE("whatever allocation fails after reconnect, a client goes on or says that it does not") {
    const resuming_server server;
    const setting from{.url = server.url()};
    for (const failing how : {failing::once, failing::from_then_on}) {
        const long swept = sweep(how, [&](failing_part& part) {
            context test;
            const auto executor = from.executor(test.io);
            progress seen;
            int opened = 0;
            event_source_options options = from.options();
            options.on_state_change = [&](const crier::state_change& change) {
                opened += change.state == ready_state::open ? 1 : 0;
            };
            event_source source{executor, from.url, std::move(options)};
            begin(source, seen);
            REQUIRE(run_until(test.io, [&] { return seen.second; }));
            const int before = opened;
            bool in_time = true;
            const bool done = part([&] {
                source.reconnect();
                in_time = run_until(test.io,
                    [&] { return opened > before || source.state() == ready_state::closed; });
            });
            CHECK(in_time);
            CHECK((!done || opened > before || source.state() == ready_state::closed));
            CHECK(source.last_event_id() == resuming_server::second_id);
            source.close();
            CHECK(run_until(test.io, [&] { return !seen.receives; }));
        });
        MESSAGE(swept << " allocations");
        CHECK(swept > 0);
    }
}

TEST_CASE("whatever allocation fails after close, the client goes and its receiver is told") {
    const resuming_server server;
    const setting from{.url = server.url()};
    for (const failing how : {failing::once, failing::from_then_on}) {
        const long swept = sweep(how, [&](failing_part& part) {
            context test;
            progress seen;
            event_source source{test.io.get_executor(), from.url, from.options()};
            if (how == failing::once) {
                begin(source, seen);
            }
            REQUIRE(run_until(
                test.io, [&] { return source.last_event_id() == resuming_server::second_id; }));
            bool in_time = true;
            part([&] {
                source.close();
                in_time = run_until(test.io, [&] { return test.io.stopped(); });
            });
            CHECK(in_time);
            CHECK_FALSE(seen.receives);
            CHECK(source.state() == ready_state::closed);
        });
        MESSAGE(swept << " allocations");
        CHECK(swept > 0);
    }
}

TEST_CASE("whatever allocation fails after close, an on_connect that waits is cancelled and goes") {
    // Without any memory Asio can neither resume nor destroy the caller's own coroutine.
    const long swept = sweep(failing::once, [&](failing_part& part) {
        context test;
        bool waits = false;
        event_source_options options;
        options.on_connect = [&](crier::stream_request&) -> asio::awaitable<void> {
            struct presence {
                bool& mark;
                ~presence() { mark = false; }
            };
            waits = true;
            const presence present{waits};
            crier::timer forever{co_await asio::this_coro::executor, std::chrono::hours{1}};
            co_await forever.async_wait(asio::use_awaitable);
        };
        event_source source{test.io.get_executor(), "http://127.0.0.1:1/", options};
        REQUIRE(run_until(test.io, [&] { return waits; }));
        bool in_time = true;
        part([&] {
            source.close();
            in_time = run_until(test.io, [&] { return test.io.stopped(); });
        });
        CHECK(in_time);
        CHECK_FALSE(waits);
    });
    CHECK(swept > 0);
}

TEST_CASE("a receive that waits when memory runs out gets an event or no_memory") {
    const resuming_server server;
    const auto sweep_receive = [](const setting& from) {
        return sweep(failing::from_then_on, [&](failing_part& part) {
            context test;
            std::optional<error_code> told;
            event_source source{from.executor(test.io), from.url, from.options()};
            source.async_receive([&](error_code error, const crier::event&) { told = error; });
            bool in_time = true;
            part([&] { in_time = run_until(test.io, [&] { return told.has_value(); }); });
            REQUIRE(in_time);
            CHECK((told == error_code{} || told == asio::error::no_memory));
            source.close();
        });
    };
    CHECK(sweep_receive({.url = server.url()}) > 0);
    const crier::test::spared_handlers of_the_strand;
    CHECK(sweep_receive({.url = server.url(), .on_strand = true}) > 0);
}

TEST_CASE("to close and destroy a client needs no memory") {
    const resuming_server server;
    const setting from{.url = server.url()};
    const auto sweep_end = [&](auto end, int told) {
        sweep([&](failing_part& part) {
            context test;
            progress seen;
            std::optional<event_source> source;
            int changes = 0;
            event_source_options options = from.options();
            options.on_state_change = [&](const crier::state_change& change) {
                changes += change.state == ready_state::closed ? 1 : 0;
            };
            source.emplace(test.io.get_executor(), from.url, std::move(options));
            begin(*source, seen);
            REQUIRE(run_until(test.io, [&] { return seen.second; }));
            part([&] { end(source); });
            CHECK_FALSE(part.has_failed());
            CHECK(run_until(test.io, [&] { return !seen.receives; }));
            CHECK(changes == told);
        });
    };
    sweep_end([](auto& of) { of->close(); }, 1);
    sweep_end([](auto& of) { of.reset(); }, 0);
}
