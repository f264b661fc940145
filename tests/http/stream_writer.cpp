#include <crier/http/stream_writer.hpp>
#include <crier/wire/errc.hpp>

#include "support/context.hpp"
#include "support/loopback.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using crier::errc;
using crier::event;
using crier::stream_writer;
using crier::writer_options;
using crier::test::client;
using crier::test::context;
using crier::test::unchunked;
namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

/// A connection with a writer on it, and a way to run its flows.
struct fixture {
    context test;
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    tcp::socket socket{acceptor.accept()};
    std::vector<std::string> lines;
    std::optional<stream_writer> out;
    std::optional<boost::system::error_code> end;

    explicit fixture(unsigned version = 11, writer_options options = {.heartbeat_interval = 10s}) {
        options.log = [this](crier::severity, std::string_view line) { lines.emplace_back(line); };
        out.emplace(socket, version, test.io.get_executor(), options);
    }
    fixture(const fixture&) = delete;
    fixture& operator=(const fixture&) = delete;

    ~fixture() {
        out.reset();
        socket.close();
        test.run();
    }

    /// Runs the flow; `end` says how it ended, and is empty while it goes on.
    template <class T>
    void run(asio::awaitable<T> flow) {
        end.reset();
        asio::co_spawn(
            test.io, std::move(flow), [this](const std::exception_ptr& error, auto&&...) {
                try {
                    if (error) {
                        std::rethrow_exception(error);
                    }
                    end = boost::system::error_code{};
                } catch (const boost::system::system_error& thrown) {
                    end = thrown.code();
                }
            });
        test.run();
    }

    /// The body so far, without its coding.
    std::string body() { return unchunked(peer.read_available()); }
};

/// Tells whether its frame is there.
asio::awaitable<void> wait_for_ever(tcp::acceptor& acceptor, bool& is_there) {
    const std::shared_ptr<bool> told{&is_there, [](bool* flag) { *flag = false; }};
    *told = true;
    tcp::socket socket = acceptor.accept();
    crier::signal never{socket.get_executor()};
    stream_writer out{socket, 11, socket.get_executor()};
    co_await out.write_headers();
    co_await out.wait(never);
}

} // namespace

TEST_CASE("headers, events and heartbeats are written as they are asked for") {
    fixture stream;
    stream.run(stream.out->write_headers());
    CHECK(stream.end == boost::system::error_code{});
    CHECK(stream.peer.read_available().starts_with("HTTP/1.1 200 OK\r\n"));
    stream.run(stream.out->write(event{.type = "t", .data = "1"}));
    stream.run(stream.out->write_heartbeat());
    stream.run(stream.out->write(*crier::make_frame(event{.data = "2"})));
    CHECK(stream.body() == "event: t\ndata: 1\n\n:\n\ndata: 2\n\n");
    stream.run(stream.out->finish());
    CHECK(stream.peer.read_available() == "0\r\n\r\n");
}

TEST_CASE("text and what JSON can say are written as events of no type") {
    fixture stream;
    stream.run(stream.out->write_headers());
    stream.peer.read_available();
    stream.run(stream.out->write("two\nlines"));
    stream.run(stream.out->write(std::string{"text"}));
    CHECK(stream.body() == "data: two\ndata: lines\n\ndata: text\n\n");
    stream.run(stream.out->write(std::map<std::string, double>{{"a", 1.5}}));
    stream.run(stream.out->write(std::vector<double>{1.0, std::nan("")}));
    stream.run(stream.out->write(true));
    stream.run(stream.out->write(boost::json::value{{"b", "\n"}}));
    CHECK(stream.body() ==
          "data: {\"a\":1.5E0}\n\ndata: [1E0,null]\n\ndata: true\n\ndata: {\"b\":\"\\n\"}\n\n");
}

TEST_CASE("a flow that begins while another one is pending is refused, and does no harm") {
    fixture stream;
    crier::signal changed{stream.test.io.get_executor()};
    stream.run(stream.out->write_headers());
    stream.peer.read_available();
    std::optional<bool> is_open;
    asio::co_spawn(stream.test.io, stream.out->wait(changed),
        [&](const std::exception_ptr&, bool open) { is_open = open; });
    stream.run(stream.out->write("a"));
    CHECK(stream.end == errc::already_waiting);
    stream.run(stream.out->finish());
    CHECK(stream.end == errc::already_waiting);
    CHECK_FALSE(is_open);
    changed.set();
    stream.test.run();
    CHECK(is_open == true);
    stream.run(stream.out->write("b"));
    CHECK(stream.body() == "data: b\n\n");
}

TEST_CASE("heartbeats may be events, which pages see") {
    fixture stream{11, {.heartbeat_text = "still here", .heartbeat_events = true}};
    stream.run(stream.out->write_headers());
    stream.peer.read_available();
    stream.run(stream.out->write_heartbeat());
    CHECK(stream.body() == "event: crier.heartbeat\ndata: still here\n\n");
}

TEST_CASE("further fields stand in the header, unless they would end it") {
    fixture stream{11, {.fields = {{"Vary", "Origin"}, {"X-A", "b\tc"}}}};
    stream.run(stream.out->write_headers());
    CHECK(stream.peer.read_available().find("\r\nVary: Origin\r\nX-A: b\tc\r\n") !=
          std::string::npos);
    for (const crier::response_field& field :
        {crier::response_field{"X", "a\r\nY: b"}, crier::response_field{"X", "a\n"},
            crier::response_field{"X: a", ""}, crier::response_field{"", "a"}}) {
        writer_options options;
        options.fields = {field};
        CHECK_THROWS_AS((stream_writer{stream.socket, 11, stream.test.io.get_executor(), options}),
            std::invalid_argument);
    }
}

TEST_CASE("for an HTTP/1.0 client nothing is chunked") {
    fixture stream{10};
    stream.run(stream.out->write_headers());
    stream.peer.read_available();
    stream.run(stream.out->write(event{.data = "1"}));
    stream.run(stream.out->finish());
    CHECK(stream.peer.read_available() == "data: 1\n\n");
}

TEST_CASE("an event that cannot be encoded is logged and skipped, the stream lives") {
    fixture stream;
    stream.run(stream.out->write_headers());
    stream.peer.read_available();
    stream.run(stream.out->write(event{.data = "\xff"}));
    CHECK(stream.end == boost::system::error_code{});
    stream.run(stream.out->write(event{.type = "a\nb"}));
    stream.run(stream.out->write(event{.data = "2"}));
    CHECK(stream.body() == "data: 2\n\n");
    CHECK(stream.lines.size() == 2);
}

TEST_CASE("wait writes heartbeats until the signal is set or closed") {
    fixture stream;
    crier::signal changed{stream.test.io.get_executor()};
    stream.run(stream.out->write_headers());
    stream.peer.read_available();
    stream.run(stream.out->wait(changed));
    CHECK_FALSE(stream.end);
    stream.test.advance(10s);
    CHECK(stream.body() == ":\n\n");
    stream.test.advance(10s);
    CHECK(stream.body() == ":\n\n");
    CHECK_FALSE(stream.end);
    changed.set();
    stream.test.run();
    CHECK(stream.end == boost::system::error_code{});
    bool open = true;
    stream.run([](stream_writer& out, crier::signal& on, bool& result) -> asio::awaitable<void> {
        result = co_await out.wait(on);
    }(*stream.out, changed, open));
    changed.close();
    stream.test.run();
    CHECK_FALSE(open);
}

TEST_CASE("a heartbeat or the end of the client takes no wake-up away") {
    fixture stream;
    crier::signal changed{stream.test.io.get_executor()};
    stream.run(stream.out->write_headers());
    stream.run(stream.out->wait(changed));
    stream.test.io.restart();
    changed.set();
    stream.test.advance(10s);
    CHECK(stream.end == boost::system::error_code{});
    stream.run(stream.out->wait(changed));
    CHECK_FALSE(stream.end);
    stream.peer.socket.close();
    stream.test.run();
    CHECK(stream.end == errc::client_left);
    changed.set();
    CHECK(changed.try_wait());
}

TEST_CASE("what is written for a client that has left fails as such") {
    fixture stream;
    stream.run(stream.out->write_headers());
    stream.peer.reset();
    stream.test.run();
    stream.run(stream.out->write(event{.data = "1"}));
    CHECK(stream.end == errc::client_left);
    stream.run(stream.out->write_heartbeat());
    CHECK(stream.end == errc::client_left);
    stream.run(stream.out->finish());
    CHECK(stream.end == errc::client_left);
}

TEST_CASE("a write has the heartbeat interval as its deadline") {
    fixture stream;
    stream.run(stream.out->write_headers());
    stream.run(stream.out->write(event{.data = std::string(20'000'000, 'x')}));
    CHECK_FALSE(stream.end);
    CHECK(stream.test.seconds_until([&] { return stream.end.has_value(); }) >= 9);
    CHECK(stream.end == errc::stalled);
}

TEST_CASE("a cancelled wait leaves the client's stream whole") {
    fixture stream;
    crier::signal changed{stream.test.io.get_executor()};
    stream.run(stream.out->write_headers());
    stream.peer.read_available();
    asio::cancellation_signal cancellation;
    bool failed = false;
    asio::co_spawn(stream.test.io, stream.out->wait(changed),
        asio::bind_cancellation_slot(cancellation.slot(),
            [&](const std::exception_ptr& error, bool) { failed = error != nullptr; }));
    stream.test.run();
    cancellation.emit(asio::cancellation_type::terminal);
    stream.test.run();
    CHECK(failed);
    stream.run(stream.out->write(event{.data = "still"}));
    CHECK(stream.body() == "data: still\n\n");
}

TEST_CASE("a heartbeat text that is not UTF-8 is refused") {
    fixture stream;
    CHECK_THROWS_AS(stream_writer(stream.socket, 11, stream.test.io.get_executor(),
                        writer_options{.heartbeat_text = "\xff"}),
        std::invalid_argument);
}

TEST_CASE("a writer on a strand may go with its socket while the client sends") {
    // The order that matters, the end before the handler of the read, comes with one of these.
    for (int hops = 0; hops < 4; ++hops) {
        context test;
        const auto strand = asio::make_strand(test.io);
        tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
        client peer{acceptor.local_endpoint().port()};
        auto socket = std::make_unique<tcp::socket>(acceptor.accept());
        auto out = std::make_unique<stream_writer>(
            *socket, 11, asio::any_io_executor{strand}, writer_options{.heartbeat_interval = 10s});
        asio::co_spawn(strand, out->write_headers(), [](const std::exception_ptr&) {});
        test.run();
        peer.send("x");
        const std::function<void(int)> hop = [&](int left) {
            if (left > 0) {
                asio::post(test.io, [&hop, left] { hop(left - 1); });
                return;
            }
            asio::post(strand, [&] {
                out.reset();
                socket.reset();
            });
        };
        hop(hops + 1);
        test.run();
        test.run();
    }
}

TEST_CASE("a handler whose writer waits goes with its context") {
    bool is_there = false;
    {
        asio::io_context io{1};
        tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
        const client peer{acceptor.local_endpoint().port()};
        asio::co_spawn(io, wait_for_ever(acceptor, is_there), asio::detached);
        io.poll();
        CHECK(is_there);
    }
    CHECK_FALSE(is_there);
}
