// When an event_source connects again, and with what.

#include "support/observed_source.hpp"
#include "support/scripted_server.hpp"

#include <boost/asio/redirect_error.hpp>
#include <doctest/doctest.h>

#include <algorithm>

using crier::errc;
using crier::event_source_options;
using crier::ready_state;
using crier::test::context;
using crier::test::observed_source;
using crier::test::scripted_server;
using crier::test::stream_head;
using crier::test::then;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

std::string last_event_id(const std::string& request) {
    constexpr std::string_view name = "\r\nLast-Event-ID: ";
    const std::size_t at = request.find(name);
    return at == request.npos
             ? "none"
             : request.substr(at + name.size(), request.find("\r\n", at + 2) - at - name.size());
}

std::vector<std::chrono::milliseconds> delays(const observed_source& client) {
    std::vector<std::chrono::milliseconds> waits;
    for (const crier::state_change& change : client.changes) {
        if (change.state == ready_state::connecting) {
            waits.push_back(change.delay);
        }
    }
    return waits;
}

event_source_options fixed(double fraction) {
    event_source_options options;
    options.random = [fraction] { return fraction; };
    return options;
}

/// All but the reconnection time, for which zero has a meaning of its own.
void set_durations(event_source_options& options, std::chrono::milliseconds to) {
    for (auto* each : {&options.connect_timeout, &options.handshake_timeout,
             &options.header_timeout, &options.idle_timeout, &options.max_backoff}) {
        *each = to;
    }
}

} // namespace

TEST_CASE("after the end of a stream it waits for the reconnection time") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n").stream("data: b\n\n", then::hold);
    observed_source client{test, server.url(), fixed(0)};
    REQUIRE(client.has_changes(2));
    CHECK(client.changes[1].state == ready_state::connecting);
    CHECK(client.changes[1].reason == errc::stream_ended);
    CHECK(client.changes[1].delay == 3s);
    CHECK(client.source.state() == ready_state::connecting);
    test.advance(2s);
    CHECK(server.requests().size() == 1);
    test.advance(1s);
    CHECK(client.has_events(2));
}

TEST_CASE("the stream sets the reconnection time, from its line on") {
    context test;
    scripted_server server{test.io};
    server.stream("retry: 03000\nretry: 1000x\nretry\nretry: 20\ndata: unfinished")
        .stream("data: b\n\n")
        .stream("retry: 99999999999999\n\n");
    observed_source client{test, server.url(), fixed(0)};
    REQUIRE(client.has_changes(2));
    test.advance(20ms);
    REQUIRE(client.has_changes(4));
    test.advance(20ms);
    REQUIRE(client.has_changes(6));
    CHECK(delays(client) == std::vector<std::chrono::milliseconds>{20ms, 20ms, 2147483647ms});
    CHECK(client.data() == std::vector<std::string>{"b"});
}

TEST_CASE("the wait grows while nothing comes, at random, and is reset by a stream that lived") {
    context test;
    scripted_server server{test.io};
    for (int i = 0; i < 4; ++i) {
        server.answer("", then::close);
    }
    server.stream(":\n").stream("");
    observed_source client{test, server.url(), fixed(1)};
    for (std::size_t i = 1; i <= 4; ++i) {
        REQUIRE(client.has_changes(i));
        test.advance(1min);
    }
    REQUIRE(client.has_changes(6)); // open, and its end
    test.advance(1min);
    REQUIRE(client.has_changes(8));
    CHECK(
        delays(client) == std::vector<std::chrono::milliseconds>{3600ms, 6s, 12s, 24s, 3600ms, 6s});
}

TEST_CASE("it can be told to read one stream, and no more") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\ndata: b\n\n");
    event_source_options options;
    options.reconnect = false;
    observed_source client{test, server.url(), options};
    CHECK(client.wait_for_end() == errc::stream_ended);
    CHECK(client.data() == std::vector<std::string>{"a", "b"});
    CHECK(client.changes.size() == 2);
    CHECK(client.changes.back().state == ready_state::closed);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("a refused connection is tried again until somebody listens") {
    context test;
    std::uint16_t port = 0;
    {
        const scripted_server gone{test.io};
        port = gone.port();
    }
    test.run();
    observed_source client{test, "http://127.0.0.1:" + std::to_string(port) + "/", fixed(0)};
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].reason == asio::error::connection_refused);
    CHECK(
        client.changes[0].message == "127.0.0.1:" + std::to_string(port) + ": Connection refused");
    scripted_server server{test.io, {asio::ip::address_v4::loopback(), port}};
    server.stream("data: a\n\n", then::hold);
    test.advance(3s);
    CHECK(client.has_events(1));
}

TEST_CASE("the last event id goes out with the next request, and stays in force") {
    context test;
    scripted_server server{test.io};
    server.stream("id: \xE2\x80\xA6\ndata: a\n\n")
        .stream("data: b\n\n")
        .stream("id\ndata: c\n\n")
        .stream("id: 4\ndata: d\n\n")
        .stream("id: 5\n\n")
        .stream({"id: x\0y\ndata: e\n\n", 17})
        .stream("data: f\n\n", then::hold);
    observed_source client{test, server.url()};
    REQUIRE(client.has_events(6));
    std::vector<std::string> sent;
    std::ranges::transform(server.requests(), std::back_inserter(sent), last_event_id);
    CHECK(sent ==
          std::vector<std::string>{"none", "\xE2\x80\xA6", "\xE2\x80\xA6", "none", "4", "5", "5"});
    CHECK(client.events[1].id == "\xE2\x80\xA6");
    CHECK(client.events[2].id.empty());
}

TEST_CASE("an id goes out whole, whatever its bytes and its length") {
    for (const std::string& id :
        {std::string(300, 'x'), std::string{"<a \"b\"> (c); \x01\x7F\xFF"}}) {
        context test;
        scripted_server server{test.io};
        server.stream("id: " + id + "\ndata: a\n\n").stream("data: b\n\n", then::hold);
        observed_source client{test, server.url()};
        REQUIRE(client.has_events(2));
        CHECK(last_event_id(server.requests().at(1)) == client.events[0].id);
        CHECK(client.events[0].id.size() >= id.size());
    }
}

TEST_CASE("it can go on from an id of old") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold);
    event_source_options options;
    options.last_event_id = "abc";
    observed_source client{test, server.url(), options};
    REQUIRE(client.has_events(1));
    CHECK(last_event_id(server.requests().at(0)) == "abc");
    CHECK(client.events[0].id == "abc");
}

TEST_CASE("wherever a stream is cut, what was whole has come, and nothing is glued to the next") {
    const std::string body = "id: 1\r\ndata: a\r\n\r\nid: 2\r\ndata: \xE2\x82\xAC\r\n\r\nid: 3\r\n"
                             "data: c\r\n\r\n";
    const std::string next = "\ndata: x\n\n";
    for (const then how : {then::close, then::reset}) {
        for (std::size_t size = 0; size <= body.size(); ++size) {
            CAPTURE(size);
            context test;
            scripted_server server{test.io};
            server.stream(body.substr(0, size), how).stream(next, then::hold);
            observed_source client{test, server.url()};
            REQUIRE(test.run_until(
                [&] { return !client.events.empty() && client.events.back().data == "x"; }));
            // What a reset leaves unread is lost with the connection.
            const std::size_t came = client.events.size() - 1;
            const std::string_view whole = std::string_view{body}.substr(0, size);
            std::size_t sent = 0;
            for (std::size_t at = 0; (at = whole.find("\n\r", at)) != whole.npos; ++at) {
                ++sent;
            }
            CHECK(came <= sent);
            if (how == then::close) {
                CHECK(came == sent);
            }
            CHECK(last_event_id(server.requests().at(1)) ==
                  (came == 0 ? "none" : std::to_string(came)));
        }
    }
}

TEST_CASE("wherever a response's header is cut, it is asked for again") {
    for (std::size_t size = 0; size < stream_head.size(); ++size) {
        CAPTURE(size);
        context test;
        scripted_server server{test.io};
        server.answer(stream_head.substr(0, size)).stream("data: x\n\n", then::hold);
        observed_source client{test, server.url()};
        REQUIRE(client.has_changes(1));
        CHECK(client.changes[0].state == ready_state::connecting);
        CHECK(client.changes[0].reason == asio::error::eof);
        CHECK(client.has_events(1));
    }
}

TEST_CASE("a chunked stream that is cut is told apart from one that has ended") {
    context test;
    scripted_server server{test.io};
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n";
    server.answer(head).answer(head + "0\r\n\r\n").stream("", then::hold);
    observed_source client{test, server.url()};
    REQUIRE(client.has_changes(5));
    CHECK(client.changes[1].reason == asio::error::eof);
    CHECK(client.changes[3].reason == errc::stream_ended);
    CHECK(client.data() == std::vector<std::string>{"a", "a"});
}

TEST_CASE("a line that is silent for too long is left") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold).stream("data: b\n\n", then::hold);
    event_source_options options = observed_source::at_once();
    options.idle_timeout = 10s;
    observed_source client{test, server.url(), options};
    REQUIRE(client.has_events(1));
    for (int i = 0; i < 3; ++i) {
        test.advance(9s);
        server.send(":\n");
        REQUIRE(test.run_until([&] { return client.comments.size() == std::size_t(i) + 1; }));
    }
    CHECK(client.changes.size() == 1);
    test.advance(10s);
    CHECK(client.has_events(2));
    CHECK(client.changes.at(1).reason == errc::idle_timeout);
}

TEST_CASE("without a limit a line may be silent for ever") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold);
    observed_source client{test, server.url()};
    REQUIRE(client.has_events(1));
    test.advance(24h);
    server.send("data: b\n\n");
    CHECK(client.has_events(2));
    CHECK(client.changes.size() == 1);
}

TEST_CASE("a server that does not answer in time is asked again") {
    context test;
    scripted_server server{test.io};
    server.answer("HTTP/1.1 200 OK\r\n", then::hold).stream("data: a\n\n", then::hold);
    observed_source client{test, server.url()};
    REQUIRE(test.run_until([&] { return server.requests().size() == 1; }));
    test.advance(59s);
    CHECK(client.changes.empty());
    test.advance(1s);
    CHECK(client.has_events(1));
    CHECK(client.changes.at(0).reason == errc::header_timeout);
}

TEST_CASE("a server that sends without an end, but no response, is left in time") {
    context test;
    asio::ip::tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    bool left = false;
    test.spawn([](asio::ip::tcp::acceptor& from, bool& ended) -> asio::awaitable<void> {
        asio::ip::tcp::socket socket = co_await from.async_accept(asio::use_awaitable);
        std::string flood;
        for (int i = 0; i < 1000; ++i) {
            flood += "HTTP/1.1 100 Continue\r\n\r\n";
        }
        boost::system::error_code error;
        while (!error) {
            co_await asio::async_write(
                socket, asio::buffer(flood), asio::redirect_error(asio::use_awaitable, error));
        }
        ended = true;
    }(acceptor, left));
    observed_source client{test,
        "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/", fixed(0)};
    for (int i = 0; i < 2000; ++i) {
        test.io.restart();
        test.io.run_one_for(1ms);
    }
    CHECK(client.changes.empty());
    test.pass(60s);
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].reason == errc::header_timeout);
    CHECK(test.run_until([&] { return left; }));
}

TEST_CASE("a response that switches the protocol is none that was asked for") {
    context test;
    scripted_server server{test.io};
    server.answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", then::hold);
    observed_source client{test, server.url(), fixed(0)};
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].reason == errc::bad_response);
}

TEST_CASE("timeouts of milliseconds::max() never end") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold);
    event_source_options options;
    set_durations(options, std::chrono::milliseconds::max());
    observed_source client{test, server.url(), options};
    REQUIRE(client.has_events(1));
    test.advance(24h * 365);
    server.send("data: b\n\n");
    CHECK(client.has_events(2));
    CHECK(client.changes.size() == 1);
}

TEST_CASE("a reconnection time of milliseconds::max() never ends, but reconnect() ends it") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n").stream("data: b\n\n", then::hold);
    event_source_options options = fixed(0);
    options.reconnection_time = std::chrono::milliseconds::max();
    observed_source client{test, server.url(), options};
    REQUIRE(client.has_changes(2));
    test.advance(24h * 365);
    CHECK(server.requests().size() == 1);
    client.source.reconnect();
    CHECK(client.has_events(2));
}

TEST_CASE("timeouts and a longest wait of zero or less are the defaults") {
    for (const auto given : {0ms, -1ms, std::chrono::milliseconds::min()}) {
        CAPTURE(given.count());
        context test;
        scripted_server server{test.io};
        server.answer("HTTP/1.1 200 OK\r\n", then::hold).stream("data: a\n\n", then::hold);
        event_source_options options = fixed(1);
        set_durations(options, given);
        observed_source client{test, server.url(), options};
        REQUIRE(test.run_until([&] { return server.requests().size() == 1; }));
        test.advance(59s);
        CHECK(client.changes.empty());
        test.advance(1s);
        REQUIRE(client.has_changes(1));
        CHECK(client.changes[0].reason == errc::header_timeout);
        client.source.reconnect();
        REQUIRE(client.has_events(1));
        test.advance(24h);
        server.send("data: b\n\n");
        CHECK(client.has_events(2));
    }
}

TEST_CASE("with a reconnection time of zero or less, only a failed reconnect is waited for") {
    for (const auto given : {0ms, -1ms, std::chrono::milliseconds::min()}) {
        CAPTURE(given.count());
        context test;
        scripted_server server{test.io};
        server.answer("no HTTP\r\n\r\n").answer("no HTTP\r\n\r\n");
        event_source_options options = fixed(1);
        options.reconnection_time = given;
        options.max_backoff = 0ms;
        observed_source client{test, server.url(), options};
        REQUIRE(client.has_changes(2));
        CHECK(delays(client) == std::vector{0ms, 200ms});
    }
}

TEST_CASE("a stream that asks for no wait is waited for a little") {
    context test;
    scripted_server server{test.io};
    server.stream("retry: 0\n\n").stream("data: a\n\n", then::hold);
    observed_source client{test, server.url(), fixed(0)};
    REQUIRE(client.has_changes(2));
    CHECK(client.changes[1].delay == 10ms);
    test.advance(9ms);
    CHECK(server.requests().size() == 1);
    test.advance(1ms);
    CHECK(client.has_events(1));
}

TEST_CASE("it can go before its executor has run") {
    context test;
    scripted_server server{test.io};
    {
        const crier::event_source source{test.io.get_executor(), server.url()};
    }
    test.run();
    CHECK(server.requests().empty());
}

TEST_CASE("it can be made to leave a stream, and a wait") {
    context test;
    scripted_server server{test.io};
    server.stream("id: 1\ndata: a\n\n", then::hold)
        .stream("data: b\n\n")
        .stream("data: c\n\n", then::hold);
    observed_source client{test, server.url(), fixed(0)};
    REQUIRE(client.has_events(1));
    client.source.reconnect();
    REQUIRE(client.has_events(2));
    CHECK(client.changes.at(1).state == ready_state::connecting);
    CHECK_FALSE(client.changes.at(1).reason);
    CHECK(client.changes.at(1).delay == 0ms);
    CHECK(last_event_id(server.requests().at(1)) == "1");
    REQUIRE(client.has_changes(4));
    client.source.reconnect();
    CHECK(client.has_events(3));
}
