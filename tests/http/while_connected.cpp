#include <crier/http/exchange.hpp>
#include <crier/wire/errc.hpp>

#include "support/running_server.hpp"
#include "support/served_stream.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using crier::errc;
using crier::exchange;
using crier::stream_writer;
using crier::test::client;
using crier::test::context;
using crier::test::counted;
using crier::test::eventually;
using crier::test::get;
using crier::test::layered;
using crier::test::running_server;
using crier::test::tcp;
using crier::test::unchunked;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

/// A coroutine that computes until it may end, and what became of it.
struct computation {
    crier::signal may_end;
    std::atomic<int> running{0};
    bool was_cancelled = false;

    explicit computation(const asio::any_io_executor& on) : may_end{on} {}

    asio::awaitable<int> compute() {
        const counted here{running};
        error_code error;
        co_await may_end.async_wait(asio::redirect_error(asio::use_awaitable, error));
        was_cancelled = error == asio::error::operation_aborted;
        co_return 42;
    }

    /// Takes its time to end where it is cancelled.
    asio::awaitable<int> compute_and_tidy_up() {
        const counted here{running};
        co_await asio::this_coro::throw_if_cancelled(false);
        co_await compute();
        co_await asio::this_coro::reset_cancellation_state();
        co_return co_await compute();
    }
};

/// How a flow ends.
struct ending {
    asio::cancellation_signal cancellation;
    std::optional<int> result;
    std::optional<error_code> error;
    bool has_ended = false;

    void of(context& test, asio::awaitable<int> flow) {
        result.reset();
        error.reset();
        has_ended = false;
        asio::co_spawn(test.io, std::move(flow),
            asio::bind_cancellation_slot(
                cancellation.slot(), [this](const std::exception_ptr& failure, int value) {
                    has_ended = true;
                    try {
                        if (failure) {
                            std::rethrow_exception(failure);
                        }
                        result = value;
                    } catch (const boost::system::system_error& thrown) {
                        error = thrown.code();
                    } catch (const std::exception&) {
                        error = error_code{};
                    }
                }));
        test.run();
    }
};

/// A request whose answer is computed.
struct computing {
    context test;
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    exchange::socket_type socket{acceptor.accept()};
    exchange request{socket, get("/"), 1s};
    computation work{test.io.get_executor()};
    ending end;

    computing() = default;
    computing(const computing&) = delete;
    computing& operator=(const computing&) = delete;
    ~computing() {
        end.cancellation.emit(asio::cancellation_type::terminal);
        test.run();
        CHECK(work.running == 0);
    }

    bool ends() {
        return test.run_until([this] { return end.has_ended; });
    }
};

const std::vector<std::pair<const char*, std::function<void(client&)>>> ways_to_leave{
    {"an end", [](client& peer) { peer.socket.close(); }},
    {"a reset", [](client& peer) { peer.reset(); }},
    {"the end of its side",
        [](client& peer) { peer.socket.shutdown(asio::socket_base::shutdown_send); }},
    {"an end after a further request", [](client& peer) {
         peer.get("/next");
         peer.socket.close();
     }}};

} // namespace

TEST_CASE("work that ends while the client is there gives its result, or throws") {
    computing with;
    with.end.of(with.test, with.request.while_connected(with.work.compute()));
    CHECK_FALSE(with.end.has_ended);
    CHECK(with.work.running == 1);
    with.work.may_end.set();
    with.test.run();
    CHECK(with.end.result == 42);

    const auto fail = []() -> asio::awaitable<int> {
        throw std::runtime_error{"no result"};
        co_return 0;
    };
    with.end.of(with.test, with.request.while_connected(fail()));
    CHECK(with.end.error == error_code{});

    const auto return_nothing = [](exchange& request) -> asio::awaitable<int> {
        asio::awaitable<void> answer = request.respond(http::status::ok, "done");
        co_await request.while_connected(std::move(answer));
        co_return 1;
    };
    with.end.of(with.test, return_nothing(with.request));
    CHECK(with.end.result == 1);
    CHECK(with.peer.read_available().ends_with("\r\n\r\ndone"));
    CHECK(with.request.keeps_alive());
}

TEST_CASE("a client that leaves cancels the work that computes its answer") {
    for (const auto& [name, leave] : ways_to_leave) {
        CAPTURE(name);
        computing with;
        with.end.of(with.test, with.request.while_connected(with.work.compute()));
        leave(with.peer);
        CHECK(with.ends());
        CHECK(with.work.was_cancelled);
        CHECK(with.work.running == 0);
        CHECK(with.end.error == errc::client_left);
    }
}

TEST_CASE("a client that has left before the work begins cancels it, too") {
    for (const auto& [name, leave] : ways_to_leave) {
        CAPTURE(name);
        computing with;
        leave(with.peer);
        with.end.of(with.test, with.request.while_connected(with.work.compute()));
        CHECK(with.ends());
        CHECK(with.work.was_cancelled);
        CHECK(with.end.error == errc::client_left);
    }
}

TEST_CASE("cancelled work is waited for, and what it ends with does not count") {
    for (const bool by_client : {true, false}) {
        CAPTURE(by_client);
        computing with;
        with.end.of(with.test, with.request.while_connected(with.work.compute_and_tidy_up()));
        if (by_client) {
            with.peer.socket.close();
        } else {
            with.end.cancellation.emit(asio::cancellation_type::terminal);
        }
        CHECK(with.test.run_until([&] { return with.work.was_cancelled; }));
        with.test.run();
        CHECK_FALSE(with.end.has_ended);
        with.work.may_end.set();
        CHECK(with.ends());
        CHECK_FALSE(with.work.was_cancelled);
        CHECK(with.end.error == (by_client ? make_error_code(errc::client_left)
                                           : error_code{asio::error::operation_aborted}));
    }
}

TEST_CASE("what a client sends while its answer is computed stays for the next reader") {
    computing with;
    with.peer.get("/next");
    with.end.of(with.test, with.request.while_connected(with.work.compute()));
    with.peer.get("/last");
    with.test.run();
    CHECK_FALSE(with.end.has_ended);
    with.work.may_end.set();
    CHECK(with.ends());
    CHECK(with.end.result == 42);
    const std::string both =
        "GET /next HTTP/1.1\r\nHost: a\r\n\r\nGET /last HTTP/1.1\r\nHost: a\r\n\r\n";
    CHECK(with.socket.available() == both.size());
}

TEST_CASE("work that is under way goes with its context") {
    std::atomic<int> running{0};
    {
        asio::io_context io{1};
        tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
        const client peer{acceptor.local_endpoint().port()};
        const auto handle = [](tcp::acceptor& from, std::atomic<int>& in) -> asio::awaitable<void> {
            const counted here{in};
            exchange::socket_type socket{from.accept()};
            exchange request{socket, get("/"), 1s};
            computation work{request.get_executor()};
            asio::awaitable<int> waiting = request.while_connected(work.compute());
            co_await std::move(waiting);
        };
        asio::co_spawn(io, handle(acceptor, running), asio::detached);
        io.poll();
        CHECK(running == 1);
    }
    CHECK(running == 0);
}

TEST_CASE("a server answers requests that came while one was computed, and none to who has left") {
    std::atomic<int> computing{0};
    std::atomic<bool> may_end = false;
    const auto compute = [&](exchange& request) -> asio::awaitable<std::string> {
        const counted here{computing};
        crier::timer turn{request.get_executor()};
        while (!may_end) {
            turn.expires_after(1ms);
            co_await turn.async_wait(asio::use_awaitable);
        }
        co_return std::string{request.path()};
    };
    const running_server running{[&](exchange& request) -> asio::awaitable<void> {
        asio::awaitable<std::string> work = compute(request);
        std::string text = co_await request.while_connected(std::move(work));
        co_await request.respond(http::status::ok, std::move(text));
    }};
    client leaving = running.connect();
    leaving.get("/leaving");
    leaving.get("/too");
    REQUIRE(eventually([&] { return computing == 1; }));
    leaving.socket.close();
    CHECK(eventually([&] { return running.server.connections() == 0; }));
    CHECK(computing == 0);

    client peer = running.connect();
    peer.get("/first");
    peer.get("/second");
    REQUIRE(eventually([&] { return computing == 1; }));
    may_end = true;
    CHECK(peer.read_until("/first").ends_with("\r\n\r\n/first"));
    CHECK(peer.read_until("/second").ends_with("\r\n\r\n/second"));
}

namespace {

/// A stream whose next event is computed, over a socket or what is none.
template <class Stream>
struct streaming {
    context test;
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    Stream under{acceptor.accept()};
    stream_writer out{under, 11, test.io.get_executor(), {.heartbeat_interval = 10s}};
    computation work{test.io.get_executor()};
    ending end;

    streaming() {
        asio::co_spawn(test.io, out.write_headers(), asio::detached);
        test.run();
        CHECK(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    }
    streaming(const streaming&) = delete;
    streaming& operator=(const streaming&) = delete;
    ~streaming() {
        end.cancellation.emit(asio::cancellation_type::terminal);
        test.run();
        asio::co_spawn(test.io, out.finish(), [](const std::exception_ptr&) {});
        test.run();
        CHECK(work.running == 0);
    }

    void begin() { end.of(test, out.while_connected(work.compute())); }
    bool ends() {
        return test.run_until([this] { return end.has_ended; });
    }
};

} // namespace

TEST_CASE("a stream whose next event is computed has heartbeats meanwhile") {
    streaming<tcp::socket> with;
    with.begin();
    with.test.advance(10s);
    CHECK(unchunked(with.peer.read_available()) == ":\n\n");
    with.test.advance(10s);
    CHECK(unchunked(with.peer.read_available()) == ":\n\n");
    CHECK_FALSE(with.end.has_ended);
    with.work.may_end.set();
    with.test.run();
    CHECK(with.end.result == 42);
}

TEST_CASE_TEMPLATE(
    "a client that leaves its stream cancels the work for it", Stream, tcp::socket, layered) {
    for (std::size_t way = 0; way < 3; ++way) {
        CAPTURE(ways_to_leave[way].first);
        streaming<Stream> with;
        with.begin();
        ways_to_leave[way].second(with.peer);
        CHECK(with.ends());
        CHECK(with.work.was_cancelled);
        CHECK(with.end.error == errc::client_left);
    }
}

TEST_CASE("the stream of cancelled work is as it was, once the work has ended") {
    streaming<tcp::socket> with;
    with.end.of(with.test, with.out.while_connected(with.work.compute_and_tidy_up()));
    with.end.cancellation.emit(asio::cancellation_type::terminal);
    with.test.run();
    CHECK(with.work.was_cancelled);
    CHECK_FALSE(with.end.has_ended);
    with.work.may_end.set();
    with.test.run();
    CHECK(with.end.error == asio::error::operation_aborted);
    asio::co_spawn(with.test.io, with.out.write("still"), asio::detached);
    with.test.run();
    CHECK(unchunked(with.peer.read_available()) == "data: still\n\n");
}

TEST_CASE("what the work throws leaves the stream as it was") {
    streaming<tcp::socket> with;
    const auto fail = []() -> asio::awaitable<int> {
        throw std::runtime_error{"no result"};
        co_return 0;
    };
    with.end.of(with.test, with.out.while_connected(fail()));
    CHECK(with.end.error == error_code{});
    asio::co_spawn(with.test.io, with.out.write("sorry"), asio::detached);
    with.test.run();
    CHECK(unchunked(with.peer.read_available()) == "data: sorry\n\n");
}

TEST_CASE("work that uses the writer that waits for it is told so") {
    streaming<tcp::socket> with;
    const auto write = [](stream_writer& out) -> asio::awaitable<int> {
        co_await out.write("too early");
        co_return 0;
    };
    with.end.of(with.test, with.out.while_connected(write(with.out)));
    CHECK(with.end.error == errc::already_waiting);
    CHECK(with.peer.read_available().empty());
    with.begin();
    with.work.may_end.set();
    with.test.run();
    CHECK(with.end.result == 42);
}

TEST_CASE("work for a stream goes with its context") {
    std::atomic<int> running{0};
    {
        asio::io_context io{1};
        tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
        const client peer{acceptor.local_endpoint().port()};
        const auto handle = [](tcp::acceptor& from, std::atomic<int>& in) -> asio::awaitable<void> {
            const counted here{in};
            tcp::socket socket = from.accept();
            stream_writer out{socket, 11, socket.get_executor()};
            co_await out.write_headers();
            computation work{socket.get_executor()};
            asio::awaitable<int> waiting = out.while_connected(work.compute());
            co_await std::move(waiting);
        };
        asio::co_spawn(io, handle(acceptor, running), asio::detached);
        io.poll();
        CHECK(running == 1);
    }
    CHECK(running == 0);
}
