// Whatever allocation fails in a client's life: it goes on, or it says that it does not, and what
// it had not received comes after the last event id. To leave needs no memory at all.

#include <crier/client/event_source.hpp>

#include "support/sweep.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

using crier::event_source;
using crier::event_source_options;
using crier::ready_state;
using crier::test::context;
using crier::test::failing;
using crier::test::failing_part;
using crier::test::sweep;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// Longer than what a string holds by itself.
const std::string first_id = "a-rather-long-event-id-0000000001";
const std::string second_id = "a-rather-long-event-id-0000000002";

/// Sends one event and drops the connection; who comes back after that event gets the other one. On
/// a thread of its own, where nothing fails.
class resuming_server {
public:
    resuming_server() {
        asio::co_spawn(io_, accept(), asio::detached);
        thread_ = std::thread{[this] { io_.run(); }};
    }
    resuming_server(const resuming_server&) = delete;
    resuming_server& operator=(const resuming_server&) = delete;
    ~resuming_server() {
        io_.stop();
        thread_.join();
    }

    std::string url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/";
    }

private:
    asio::awaitable<void> accept() {
        while (true) {
            tcp::socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
            asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
        }
    }

    static asio::awaitable<void> serve(tcp::socket socket) {
        std::string request;
        co_await asio::async_read_until(
            socket, asio::dynamic_buffer(request), "\r\n\r\n", asio::use_awaitable);
        std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        const bool begins = request.find("Last-Event-ID") == request.npos;
        if (begins) {
            answer += "id: " + first_id + "\ndata: a\n\n";
        } else if (request.find(first_id) != request.npos) {
            answer += "id: " + second_id + "\ndata: b\n\n";
        }
        co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
        if (!begins) {
            char rest = 0;
            co_await socket.async_read_some(asio::buffer(&rest, 1), asio::use_awaitable);
        }
    }

    asio::io_context io_{1};
    tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
    std::thread thread_;
};

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

event_source_options options_after(const std::string& id) {
    event_source_options options;
    options.reconnection_time = std::chrono::milliseconds{0};
    options.random = [] { return 0.0; };
    options.last_event_id = id;
    return options;
}

/// Runs the client until the condition holds, as a program goes on after a handler that threw.
template <class Condition>
bool run_until(asio::io_context& io, Condition condition) {
    const auto longest = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > longest) {
            return false;
        }
        io.restart();
        crier::test::attempt([&] { io.run_one_for(std::chrono::milliseconds{5}); });
    }
    return true;
}

void begin(context& test, event_source& source, progress& seen) {
    seen.receives = true;
    try {
        asio::co_spawn(test.io, follow(source, seen), asio::detached);
    } catch (...) {
        seen.receives = false;
        throw;
    }
}

} // namespace

TEST_CASE("a client goes on or says that it does not, and then another one resumes") {
    resuming_server server;
    const std::string url = server.url();
    const auto life = [&](failing_part& part) {
        context test;
        progress seen;
        std::optional<event_source> source;
        event_source_options options = options_after("");
        bool in_time = true;
        part([&] {
            source.emplace(test.io.get_executor(), url, std::move(options));
            begin(test, *source, seen);
            in_time = run_until(test.io, [&] { return seen.second || !seen.receives; });
        });
        REQUIRE(in_time);
        while (!seen.second) {
            const bool goes_on = source && source->state() != ready_state::closed;
            if (!goes_on) {
                const std::string id = source ? source->last_event_id() : "";
                source.emplace(test.io.get_executor(), url, options_after(id));
            }
            begin(test, *source, seen);
            REQUIRE(run_until(test.io, [&] { return seen.second || !seen.receives; }));
        }
        CHECK_FALSE(seen.lost);
        source->close();
        CHECK(run_until(test.io, [&] { return !seen.receives; }));
    };
    const long swept = sweep(failing::once, life);
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
    // ~awaitable_thread of Asio 1.81 posts, and the process ends where that finds no memory.
    const crier::test::spared_handlers spared;
    CHECK(sweep(failing::from_then_on, life) > 0);
}

TEST_CASE("whatever allocation fails after close, the client goes and its receiver is told") {
    resuming_server server;
    const std::string url = server.url();
    const long swept = sweep(failing::once, [&](failing_part& part) {
        context test;
        progress seen;
        event_source source{test.io.get_executor(), url, options_after("")};
        begin(test, source, seen);
        REQUIRE(run_until(test.io, [&] { return seen.second; }));
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

TEST_CASE("to close and destroy a client needs no memory") {
    resuming_server server;
    const std::string url = server.url();
    const auto sweep_end = [&](auto end, int told) {
        sweep([&](failing_part& part) {
            context test;
            progress seen;
            std::optional<event_source> source;
            int changes = 0;
            event_source_options options = options_after("");
            options.on_state_change = [&](const crier::state_change& change) {
                changes += change.state == ready_state::closed ? 1 : 0;
            };
            source.emplace(test.io.get_executor(), url, std::move(options));
            begin(test, *source, seen);
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
