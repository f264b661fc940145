// A sink that a program brings along itself, written with the public headers alone.

#include <crier/crier.hpp>

#include "support/context.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

using boost::system::error_code;
using crier::end_reason;
using crier::errc;
using crier::test::context;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// Takes a stream's bytes into a text, as long as there is room. Its read is outstanding until its
/// cancellation has been told, as one of Asio's would be.
class own_sink final : public crier::sink {
public:
    explicit own_sink(asio::any_io_executor executor) : executor_{std::move(executor)} {}

    std::string text;
    std::size_t room = 1'000'000;
    error_code write_error;

    std::size_t write_some(buffers bytes, error_code& error) override {
        CHECK_FALSE(is_cancelled_);
        CHECK(bytes[0].size() > 0); // a TLS stream would tell of it, to whoever writes again then
        if (write_error || room == 0) {
            error = write_error ? write_error : error_code{asio::error::would_block};
            return 0;
        }
        const std::string_view first{static_cast<const char*>(bytes[0].data()), bytes[0].size()};
        const std::string_view taken = first.substr(0, room);
        text += taken;
        room -= taken.size();
        return taken.size();
    }

    void watch_peer() override { reads_ = true; }
    void limit_buffering(std::size_t, std::chrono::milliseconds) override {}

    void cancel() override {
        is_cancelled_ = true;
        asio::post(executor_, [this, self = shared_from_this()] {
            reads_ = false;
            wake_user();
        });
    }

    bool idle() const noexcept override { return !reads_; }

    void make_room() {
        asio::post(executor_, [this] {
            room = 1'000'000;
            wake_user();
        });
    }

    void peer_leaves() {
        asio::post(executor_, [this] {
            received(asio::error::eof, 0);
            wake_user();
        });
    }

private:
    const asio::any_io_executor executor_;
    bool reads_ = false;
    bool is_cancelled_ = false;
};

/// A writer over such a sink, and how its last flow ended.
struct written {
    context test;
    std::shared_ptr<own_sink> to = std::make_shared<own_sink>(test.io.get_executor());
    crier::signal changed{test.io.get_executor()};
    std::optional<crier::stream_writer> out;
    asio::cancellation_signal cancellation;
    std::optional<error_code> end;

    written() {
        out.emplace(
            to, 11, test.io.get_executor(), crier::writer_options{.heartbeat_interval = 10s});
        run(out->write_headers());
    }
    written(const written&) = delete;
    written& operator=(const written&) = delete;
    ~written() {
        out.reset();
        test.run();
    }

    template <class T>
    static asio::awaitable<void> partially_cancellable(asio::awaitable<T> flow) {
        co_await asio::this_coro::reset_cancellation_state(asio::enable_partial_cancellation{});
        co_await std::move(flow);
    }

    template <class T>
    void run(asio::awaitable<T> flow) {
        end.reset();
        asio::co_spawn(test.io, partially_cancellable(std::move(flow)),
            asio::bind_cancellation_slot(
                cancellation.slot(), [this](const std::exception_ptr& error) {
                    try {
                        if (error) {
                            std::rethrow_exception(error);
                        }
                        end = error_code{};
                    } catch (const boost::system::system_error& thrown) {
                        end = thrown.code();
                    }
                }));
        test.run();
    }

    asio::awaitable<void> write() { return out->write(crier::event{.data = "1"}); }
};

asio::awaitable<void> never_end(crier::signal& on) { co_await on.async_wait(asio::use_awaitable); }

} // namespace

TEST_CASE("a stream is served over a sink of the program's own") {
    context test;
    crier::promise_single_thread(test.io);
    crier::manager events{test.io.get_executor(), {.ids = false}};
    std::shared_ptr<own_sink> to;
    std::optional<end_reason> ended;
    {
        const crier::request_head asked{.method = "GET", .target = "/a", .fields = {{"Host", "a"}}};
        crier::sink_maker make = [&to](const asio::any_io_executor& executor) {
            to = std::make_shared<own_sink>(executor);
            return to;
        };
        asio::co_spawn(test.io,
            crier::serve(std::move(make), asked, events, crier::serve_options{}),
            [&](const std::exception_ptr& error, end_reason reason) {
                CHECK_FALSE(error);
                ended = reason;
            });
    }
    test.run();
    REQUIRE(to);
    CHECK(to->text.starts_with("HTTP/1.1 200 OK\r\n"));
    to->text.clear();
    to->room = 4;
    events.publish("/a", "1");
    test.run();
    CHECK(to->text == "9\r\nd");
    to->make_room();
    test.run();
    CHECK(to->text == "9\r\ndata: 1\n\n\r\n");
    CHECK_FALSE(ended);
    to->peer_leaves();
    test.run();
    CHECK(ended == end_reason::client_left);
    CHECK(to->idle());
}

TEST_CASE("after a writer's flow has thrown, nothing uses the stream any more") {
    struct way {
        std::string name;
        error_code expected;
        std::function<void(written&)> take;
    };
    const auto cancelled = [](asio::cancellation_type type) {
        return [type](written& over) {
            over.to->room = 0;
            over.run(over.write());
            CHECK_FALSE(over.end);
            over.cancellation.emit(type);
        };
    };
    for (const way& each : {
             way{"a write fails", asio::error::no_buffer_space,
                 [](written& over) {
                     over.to->write_error = asio::error::no_buffer_space;
                     over.run(over.write());
                 }},
             way{"a write makes no progress", errc::stalled,
                 [](written& over) {
                     over.to->room = 0;
                     over.run(over.write());
                     over.test.advance(10s);
                 }},
             way{"a heartbeat makes no progress", errc::stalled,
                 [](written& over) {
                     over.to->room = 0;
                     over.run(over.out->wait(over.changed));
                     over.test.advance(10s);
                     over.test.advance(10s);
                 }},
             way{"a heartbeat for work makes no progress", errc::stalled,
                 [](written& over) {
                     over.to->room = 0;
                     over.run(over.out->while_connected(never_end(over.changed)));
                     over.test.advance(10s);
                     over.test.advance(10s);
                 }},
             way{"the client leaves, and the work is in vain", errc::client_left,
                 [](written& over) {
                     over.run(over.out->while_connected(never_end(over.changed)));
                     over.to->peer_leaves();
                 }},
             way{"the client leaves", errc::client_left,
                 [](written& over) {
                     over.run(over.out->wait(over.changed));
                     over.to->peer_leaves();
                 }},
             way{"a write is cancelled", asio::error::operation_aborted,
                 cancelled(asio::cancellation_type::terminal)},
             way{"a write is cancelled", asio::error::operation_aborted,
                 cancelled(asio::cancellation_type::partial)},
         }) {
        CAPTURE(each.name);
        written over;
        each.take(over);
        over.test.run();
        CHECK(over.end == each.expected);
        CHECK(over.to->idle());
        over.to->room = 1'000'000;
        over.run(over.write());
        CHECK(over.end == each.expected);
    }
}

TEST_CASE("a stream whose wait was cancelled goes on, until it is finished") {
    written over;
    over.to->text.clear();
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial}) {
        over.run(over.out->wait(over.changed));
        over.cancellation.emit(type);
        over.test.run();
        CHECK(over.end == asio::error::operation_aborted);
    }
    over.run(over.write());
    CHECK(over.to->text == "9\r\ndata: 1\n\n\r\n");
    CHECK_FALSE(over.to->idle());
    for (int i = 0; i < 2; ++i) {
        over.run(over.out->finish());
        CHECK(over.end == error_code{});
    }
    CHECK(over.to->idle());
    CHECK(over.to->text.ends_with("0\r\n\r\n"));
}

TEST_CASE(
    "a writer that waits writes nothing but heartbeats, and has each of them when it is due") {
    written over;
    over.to->text.clear();
    over.run(over.out->wait(over.changed));
    over.test.advance(9s);
    CHECK(over.to->text.empty());
    over.test.advance(1s);
    CHECK(over.to->text == "3\r\n:\n\n\r\n");
    over.changed.set();
    over.test.run();
    CHECK(over.end == error_code{});
}

TEST_CASE("a writer that waits for a signal beside another waiter is told so") {
    written over;
    std::optional<error_code> first;
    over.changed.async_wait([&first](error_code error) { first = error; });
    over.run(over.out->wait(over.changed));
    CHECK(over.end == errc::already_waiting);
    CHECK_FALSE(first);
    over.run(over.write());
    CHECK(over.end == error_code{});
    over.changed.set();
    over.test.run();
    CHECK(first == error_code{});
}
