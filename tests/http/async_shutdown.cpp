#include <crier/async/single_thread.hpp>
#include <crier/http/stream_counts.hpp>
#include <crier/pubsub/manager.hpp>

#include "support/read_all.hpp"
#include "support/served_stream.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using crier::end_reason;
using crier::manager;
using crier::manager_options;
using crier::serve_options;
using crier::subscription;
using crier::topic_options;
using crier::test::client;
using crier::test::context;
using crier::test::get;
using crier::test::read_all;
using crier::test::request_type;
using crier::test::stream;
using crier::test::topic;
namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using texts = std::vector<std::string>;

namespace {

constexpr auto never = std::chrono::milliseconds::max();

manager_options silent(std::chrono::milliseconds heartbeat = 30s) {
    manager_options options;
    options.heartbeat_interval = heartbeat;
    options.log = [](crier::severity, std::string_view) {};
    return options;
}

/// Somebody who waits for a shutdown.
struct waiting {
    context& test;
    asio::cancellation_signal cancellation;
    bool is_over = false;
    boost::system::error_code error;

    waiting(context& in, asio::io_context& on, manager& events, std::chrono::milliseconds deadline)
        : test{in} {
        asio::co_spawn(on, events.async_shutdown(deadline),
            asio::bind_cancellation_slot(
                cancellation.slot(), [this](const std::exception_ptr& failure) {
                    is_over = true;
                    try {
                        if (failure) {
                            std::rethrow_exception(failure);
                        }
                    } catch (const boost::system::system_error& thrown) {
                        error = thrown.code();
                    }
                }));
        test.run();
    }
    waiting(context& in, manager& events, std::chrono::milliseconds deadline)
        : waiting{in, in.io, events, deadline} {}
    waiting(const waiting&) = delete;
    waiting& operator=(const waiting&) = delete;
    ~waiting() { CHECK(is_over); }

    bool ended_well() const { return is_over && !error; }
};

/// Publishes until a client that takes nothing has full buffers, and events wait for it.
void stall(context& test, manager& events, const std::string& name = "a") {
    const std::string large(100'000, 'x');
    for (int i = 0; i < 200; ++i) {
        events.publish(name, large);
        test.run();
    }
}

std::uint64_t ended_by(const manager& events, end_reason why) {
    return streams_of(events).ended[static_cast<std::size_t>(why)];
}

/// Polling whose stop takes as long as it is told.
class slow_to_stop final : public crier::polling_service {
public:
    slow_to_stop(context& test, std::chrono::milliseconds time)
        : time_{time}, holding_{test.io, crier::clock::time_point::max()} {}

    void start(crier::publisher& /*to*/) override {}

    asio::awaitable<void> stop() override {
        holding_.expires_after(time_);
        boost::system::error_code ignored;
        co_await holding_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }

private:
    std::chrono::milliseconds time_;
    crier::timer holding_;
};

std::vector<topic_options> polled(std::shared_ptr<crier::polling_service> by) {
    std::vector<topic_options> topics(1);
    topics[0].name = "polled";
    topics[0].polling = std::move(by);
    return topics;
}

} // namespace

TEST_CASE("an awaited shutdown sends what was published before, and completes with the streams") {
    context test;
    manager events{test.io.get_executor(), silent()};
    stream open{test, events, topic("a")};
    CHECK(open.read() == crier::test::header);
    events.publish("a", "last words");
    const waiting shutdown{test, events, 2s};
    CHECK(shutdown.ended_well());
    CHECK(events.is_shut_down());
    CHECK(open.read().ends_with("\n\n\r\n0\r\n\r\n"));
    CHECK(open.reason == end_reason::shutdown);
}

TEST_CASE("a manager without streams and polling is shut down at once, again and again") {
    context test;
    manager events{test.io.get_executor(), silent()};
    const waiting first{test, events, never};
    CHECK(first.ended_well());
    const waiting second{test, events, 0s};
    CHECK(second.ended_well());
    manager other{test.io.get_executor(), silent()};
    other.shutdown();
    const waiting later{test, other, never};
    CHECK(later.ended_well());
}

TEST_CASE("a stalled client is cut at the deadline") {
    context test;
    manager events{test.io.get_executor(), silent()};
    stream stalled{test, events, topic("a")};
    stream open{test, events, topic("b")};
    stall(test, events);
    const waiting shutdown{test, events, 2s};
    CHECK(open.reason == end_reason::shutdown);
    test.advance(1999ms);
    CHECK_FALSE(shutdown.is_over);
    CHECK(streams_of(events).open == 1);
    test.advance(1ms);
    CHECK(shutdown.ended_well());
    CHECK(stalled.reason == end_reason::shutdown);
    CHECK(ended_by(events, end_reason::shutdown) == 2);
    CHECK(streams_of(events).open == 0);
}

TEST_CASE("a deadline of zero cuts at once, and the longest of all leaves it to the heartbeat") {
    for (const auto deadline : {0ms, -1ms, never}) {
        CAPTURE(deadline.count());
        context test;
        manager events{test.io.get_executor(), silent(10s)};
        stream stalled{test, events, topic("a")};
        stall(test, events);
        const waiting shutdown{test, events, deadline};
        CHECK(shutdown.is_over == (deadline != never));
        test.advance(10s);
        CHECK(shutdown.ended_well());
        CHECK(stalled.reason == (deadline == never ? end_reason::stalled : end_reason::shutdown));
    }
}

TEST_CASE("streams on several contexts are waited for, and cut, from yet another one") {
    context test;
    asio::io_context one{1};
    asio::io_context other{1};
    const auto run_all = [&] {
        for (int i = 0; i < 4; ++i) {
            for (asio::io_context* const each : {&one, &other}) {
                each->restart();
                each->poll();
            }
            test.run();
        }
    };
    {
        manager events{test.io.get_executor(), silent()};
        const request_type request = get("/");
        std::vector<std::unique_ptr<tcp::socket>> sockets;
        std::vector<client> peers;
        std::vector<end_reason> reasons;
        for (asio::io_context* const each : {&one, &other}) {
            crier::promise_single_thread(*each);
            tcp::acceptor acceptor{*each, {asio::ip::address_v4::loopback(), 0}};
            for (const char* const name : {"a", "b"}) {
                peers.emplace_back(acceptor.local_endpoint().port());
                sockets.push_back(std::make_unique<tcp::socket>(acceptor.accept()));
                asio::co_spawn(*each, crier::serve(*sockets.back(), request, events, topic(name)),
                    [&reasons](
                        const std::exception_ptr&, end_reason why) { reasons.push_back(why); });
            }
        }
        run_all();
        CHECK(streams_of(events).open == 4);
        const std::string large(100'000, 'x');
        for (int i = 0; i < 200; ++i) {
            events.publish("a", large);
            run_all();
        }
        const waiting shutdown{test, events, 2s};
        run_all();
        CHECK(reasons.size() == 2);
        test.advance(2s);
        CHECK_FALSE(shutdown.is_over); // the streams' contexts have not run yet
        run_all();
        CHECK(shutdown.ended_well());
        CHECK(reasons == std::vector<end_reason>(4, end_reason::shutdown));
    }
    run_all();
}

TEST_CASE("the end of all polling is waited for") {
    context test;
    manager events{test.io.get_executor(), silent()};
    const auto service = std::make_shared<slow_to_stop>(test, 1s);
    subscription mine = events.subscribe(polled(service));
    test.run();
    const waiting shutdown{test, events, 5s};
    CHECK_FALSE(shutdown.is_over);
    test.advance(999ms);
    CHECK_FALSE(shutdown.is_over);
    test.advance(1ms);
    CHECK(shutdown.ended_well());
}

TEST_CASE("polling that does not end is left to itself shortly after the deadline") {
    context test;
    manager events{test.io.get_executor(), silent()};
    const auto service = std::make_shared<slow_to_stop>(test, 1h);
    subscription mine = events.subscribe(polled(service));
    test.run();
    const waiting shutdown{test, events, 5s};
    test.advance(5s);
    CHECK_FALSE(shutdown.is_over);
    test.advance(100ms);
    CHECK(shutdown.ended_well());
    test.advance(1h);
}

TEST_CASE("subscriptions are closed and not waited for, and what they hold stays readable") {
    context test;
    manager events{test.io.get_executor(), silent()};
    subscription mine = events.subscribe("a");
    events.publish("a", "1");
    const waiting shutdown{test, events, 0s};
    CHECK(shutdown.ended_well());
    CHECK(read_all(test, mine) == texts{"1"});
    CHECK(crier::test::end_of(test, mine) == crier::errc::closed);
}

TEST_CASE("whoever stops waiting leaves the shutdown going, and its deadline") {
    context test;
    manager events{test.io.get_executor(), silent()};
    stream stalled{test, events, topic("a")};
    stall(test, events);
    waiting first{test, events, 2s};
    first.cancellation.emit(asio::cancellation_type::terminal);
    test.run();
    CHECK(first.error == asio::error::operation_aborted);
    const waiting second{test, events, 1h};
    test.advance(1s);
    CHECK_FALSE(stalled.reason);
    test.advance(1s);
    CHECK(stalled.reason == end_reason::shutdown);
    CHECK(second.ended_well());
}

TEST_CASE("a manager may go while its shutdown is awaited") {
    context test;
    std::optional<manager> events{std::in_place, test.io.get_executor(), silent()};
    stream stalled{test, *events, topic("a")};
    stall(test, *events);
    const waiting shutdown{test, *events, 2s};
    events.reset();
    test.run();
    CHECK_FALSE(shutdown.is_over);
    test.advance(2s);
    CHECK(shutdown.ended_well());
    CHECK(stalled.reason == end_reason::shutdown);
}

TEST_CASE("a stream that is only told of its end is cut, too") {
    // The events are taken, and the last bytes of the stream find no room.
    context test;
    manager events{test.io.get_executor(), silent()};
    stream stalled{test, events, topic("a")};
    const std::string small(100, 'x');
    bool is_full = false;
    for (int i = 0; i < 100'000 && !is_full; ++i) {
        events.publish("a", small);
        test.run();
        is_full = events.stats().dropped > 0;
    }
    REQUIRE(is_full);
    events.end_streams("a");
    test.run();
    const waiting shutdown{test, events, 2s};
    CHECK_FALSE(shutdown.is_over);
    test.advance(2s);
    CHECK(shutdown.ended_well());
    CHECK(stalled.reason == end_reason::shutdown);
}

TEST_CASE("a stream whose gap is being healed is cut, and its healing cancelled") {
    context test;
    manager_options with_history = silent();
    manager events{test.io.get_executor(), with_history};
    bool is_cancelled = false;
    serve_options options = topic("a");
    options.on_gap = [&](const crier::gap&) -> asio::awaitable<std::vector<crier::event>> {
        crier::timer for_ever{test.io, crier::clock::time_point::max()};
        boost::system::error_code error;
        co_await for_ever.async_wait(asio::redirect_error(asio::use_awaitable, error));
        is_cancelled = error.failed();
        co_return std::vector<crier::event>{};
    };
    request_type request = get("/");
    request.set("Last-Event-ID", "1.1");
    stream resumed{test, events, options, request};
    const waiting shutdown{test, events, 2s};
    CHECK_FALSE(shutdown.is_over);
    CHECK_FALSE(is_cancelled);
    test.advance(2s);
    CHECK(is_cancelled);
    CHECK(shutdown.ended_well());
    CHECK(resumed.reason == end_reason::shutdown);
}

TEST_CASE("a stream that still reads back for a client that takes nothing is cut") {
    context test;
    manager_options options = silent();
    options.rules.resize(1);
    options.rules[0].matches = crier::starting_with("");
    options.rules[0].history.events = 2'000;
    options.rules[0].history.bytes = 200'000'000;
    manager events{test.io.get_executor(), options};
    const auto first = events.publish("a", "first");
    REQUIRE(first);
    const std::string large(20'000, 'x');
    for (int i = 0; i < 1'500; ++i) {
        events.publish("a", large);
    }
    request_type request = get("/");
    request.set("Last-Event-ID", to_string(*first));
    stream stalled{test, events, topic("a"), request};
    const waiting shutdown{test, events, 2s};
    CHECK_FALSE(shutdown.is_over);
    test.advance(2s);
    CHECK(shutdown.ended_well());
    CHECK(stalled.reason == end_reason::shutdown);
}

TEST_CASE("a context that goes takes with it whoever waits there") {
    std::optional<asio::io_context> io{std::in_place, 1};
    std::optional<manager> events{std::in_place, io->get_executor(), silent()};
    class endless final : public crier::polling_service {
        void start(crier::publisher& /*to*/) override {}
        asio::awaitable<void> stop() override {
            crier::timer for_ever{
                co_await asio::this_coro::executor, crier::clock::time_point::max()};
            co_await for_ever.async_wait(asio::use_awaitable);
        }
    };
    std::optional<subscription> mine{events->subscribe(polled(std::make_shared<endless>()))};
    bool is_over = false;
    asio::co_spawn(*io, events->async_shutdown(never),
        [&is_over](const std::exception_ptr&) { is_over = true; });
    io->poll();
    CHECK_FALSE(is_over);
    mine.reset();
    events.reset();
    io.reset();
    CHECK_FALSE(is_over);
}

TEST_CASE("who waits on another context is told when the manager's has gone") {
    context test;
    std::optional<asio::io_context> io{std::in_place, 1};
    std::optional<manager> events{std::in_place, io->get_executor(), silent()};
    class endless final : public crier::polling_service {
        void start(crier::publisher& /*to*/) override {}
        asio::awaitable<void> stop() override {
            crier::timer for_ever{
                co_await asio::this_coro::executor, crier::clock::time_point::max()};
            co_await for_ever.async_wait(asio::use_awaitable);
        }
    };
    std::optional<subscription> mine{events->subscribe(polled(std::make_shared<endless>()))};
    const waiting shutdown{test, *events, never};
    io->poll();
    test.run();
    CHECK_FALSE(shutdown.is_over);
    mine.reset();
    events.reset();
    io.reset();
    test.run();
    CHECK(shutdown.ended_well());
}

TEST_CASE("many threads wait for one shutdown while streams come and go") {
    asio::io_context io;
    const auto work = asio::make_work_guard(io);
    manager events{io.get_executor(), silent()};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&io] { io.run(); });
    }
    std::vector<std::thread> others;
    std::atomic<int> over{0};
    for (int i = 0; i < 8; ++i) {
        others.emplace_back([&, i] {
            try {
                while (i > 3) {
                    events.subscribe(polled(crier::polling(
                        []() -> asio::awaitable<boost::json::value> { co_return 1; })));
                }
            } catch (const boost::system::system_error&) { // it is shut down
            }
            asio::io_context own{1};
            asio::co_spawn(own, events.async_shutdown(never),
                [&over](const std::exception_ptr& failure) { over += failure ? 0 : 1; });
            own.run();
        });
    }
    for (std::thread& each : others) {
        each.join();
    }
    CHECK(over == 8);
    io.stop();
    for (std::thread& each : threads) {
        each.join();
    }
}
