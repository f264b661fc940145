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

/// A port on which nobody listens any more.
std::uint16_t free_port(context& test) {
    std::uint16_t port = 0;
    {
        const scripted_server gone{test.io};
        port = gone.port();
    }
    test.run();
    return port;
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

TEST_CASE("the wait grows while no event comes, at random, and is reset by one") {
    context test;
    scripted_server server{test.io};
    for (int i = 0; i < 4; ++i) {
        server.answer("", then::close);
    }
    server.stream("data: a\n\n").stream(":\nid: 1\n\n");
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

TEST_CASE("streams without an event are waited for longer and longer, whatever they ask for") {
    context test;
    scripted_server server{test.io};
    for (int i = 0; i < 4; ++i) {
        server.stream("retry: 0\n:\nid: 1\n\n");
    }
    server.stream("data: a\n\n").stream("data: b\n\n");
    event_source_options options = fixed(1);
    options.max_backoff = 500ms;
    observed_source client{test, server.url(), options};
    for (std::size_t i = 2; i <= 12; i += 2) {
        REQUIRE(client.has_changes(i));
        test.advance(500ms);
    }
    CHECK(delays(client) ==
          std::vector<std::chrono::milliseconds>{12ms, 200ms, 400ms, 500ms, 12ms, 12ms});
}

TEST_CASE("a quiet stream that was open for long has not failed, however it ends") {
    for (const bool is_reset : {false, true}) {
        for (const auto life : {59'000ms, 60'000ms}) {
            CAPTURE(life.count());
            context test;
            scripted_server server{test.io};
            server.answer("").answer("").stream(":\n", then::hold);
            observed_source client{test, server.url(), fixed(1)};
            REQUIRE(client.has_changes(1));
            test.advance(1min);
            REQUIRE(client.has_changes(2));
            test.advance(1min);
            REQUIRE(client.has_changes(3));
            test.advance(life);
            if (is_reset) {
                server.last().set_option(asio::socket_base::linger(true, 0));
            }
            server.last().close();
            REQUIRE(client.has_changes(4));
            CHECK(client.changes[3].delay == (life == 60s ? 3600ms : 12s));
        }
    }
}

TEST_CASE("a POST whose stream has ended is not sent again") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n");
    event_source_options options = observed_source::at_once();
    options.method = "POST";
    observed_source client{test, server.url(), options};
    CHECK(client.wait_for_end() == errc::stream_ended);
    CHECK(client.data() == std::vector<std::string>{"a"});
    test.advance(1h);
    CHECK(server.requests().size() == 1);
    CHECK(client.changes.back().state == ready_state::closed);
}

TEST_CASE("a POST that was sent is not sent again, whatever came of it") {
    for (const std::string& answer : {std::string{}, std::string{"HTTP/1.1 200 OK\r\n"},
             std::string{"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\n\r\n"},
             std::string{"no HTTP\r\n\r\n"}}) {
        CAPTURE(answer);
        context test;
        scripted_server server{test.io};
        server.answer(answer);
        event_source_options options = observed_source::at_once();
        options.method = "POST";
        options.body = "x";
        observed_source client{test, server.url(), options};
        CHECK(client.wait_for_end() != boost::system::error_code{});
        test.advance(1h);
        CHECK(server.requests().size() == 1);
        CHECK(client.changes.size() == 1);
    }
}

TEST_CASE("a POST that a redirect has turned to a GET is not sent again either") {
    context test;
    scripted_server server{test.io};
    server.answer("HTTP/1.1 303 See Other\r\nLocation: /x\r\n\r\n").stream("data: a\n\n");
    event_source_options options = observed_source::at_once();
    options.method = "POST";
    observed_source client{test, server.url(), options};
    CHECK(client.wait_for_end() == errc::stream_ended);
    CHECK(server.requests().size() == 2);
}

TEST_CASE("a POST that was not sent, as nobody listens, is tried again") {
    context test;
    const std::uint16_t port = free_port(test);
    event_source_options options = fixed(0);
    options.method = "POST";
    observed_source client{test, "http://127.0.0.1:" + std::to_string(port) + "/", options};
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].state == ready_state::connecting);
    scripted_server server{test.io, {asio::ip::address_v4::loopback(), port}};
    server.stream("data: a\n\n");
    test.advance(3s);
    CHECK(client.wait_for_end() == errc::stream_ended);
    CHECK(client.data() == std::vector<std::string>{"a"});
    CHECK(server.requests().size() == 1);
}

TEST_CASE("a POST is sent again where that is wanted, or called for") {
    for (const bool wanted : {false, true}) {
        CAPTURE(wanted);
        context test;
        scripted_server server{test.io};
        server.stream("data: a\n\n", wanted ? then::close : then::hold)
            .stream("data: b\n\n", then::hold);
        event_source_options options = observed_source::at_once();
        options.method = "POST";
        if (wanted) {
            options.reconnect = true;
        }
        observed_source client{test, server.url(), options};
        if (!wanted) {
            REQUIRE(client.has_events(1));
            client.source.reconnect();
        }
        CHECK(client.has_events(2));
        CHECK(server.requests().size() == 2);
    }
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
    const std::uint16_t port = free_port(test);
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
    for (const std::string& id : {std::string(300, 'x'), std::string(4'096, 'x'),
             std::string{"<a \"b\"> (c);\t\xC2\x80\xFF"}, std::string{" 7 "}}) {
        context test;
        scripted_server server{test.io};
        server.stream("id: " + id + "\ndata: a\n\n").stream("data: b\n\n", then::hold);
        observed_source client{test, server.url()};
        REQUIRE(client.has_events(2));
        CHECK(last_event_id(server.requests().at(1)) == client.events[0].id);
        CHECK(client.events[0].id.size() >= id.size());
    }
}

TEST_CASE("an id that no server takes stays, but is not sent, and that is told once") {
    for (const std::string& id : {std::string{"a\x01z"}, std::string{"\x7F"}, std::string{"\x1F"},
             std::string(4'097, 'x')}) {
        CAPTURE(id);
        context test;
        scripted_server server{test.io};
        server.stream("id: " + id + "\ndata: a\n\n").stream("data: b\n\n").stream("data: c\n\n");
        server.stream("id: 4\ndata: d\n\n").stream("data: e\n\n");
        server.stream("id: " + id + "\ndata: f\n\n").stream("data: g\n\n", then::hold);
        observed_source client{test, server.url()};
        REQUIRE(client.has_events(7));
        std::vector<std::string> sent;
        std::ranges::transform(server.requests(), std::back_inserter(sent), last_event_id);
        CHECK(sent == std::vector<std::string>{"none", "none", "none", "none", "4", "4", "none"});
        CHECK(client.events[2].id == id);
        CHECK(client.source.last_event_id() == id);
        std::vector<std::size_t> told;
        for (std::size_t i = 0; i < client.changes.size(); ++i) {
            if (client.changes[i].reason == errc::unsendable_id) {
                CHECK(client.changes[i].state == ready_state::connecting);
                CHECK(client.changes[i].message.starts_with("the last event id"));
                told.push_back(i);
            }
        }
        CHECK(told == std::vector<std::size_t>{2});
    }
}

TEST_CASE("what is sent of an id has a limit of one's own") {
    context test;
    scripted_server server{test.io};
    server.stream("id: 123\ndata: a\n\n").stream("id: 1234\ndata: b\n\n");
    server.stream("data: c\n\n", then::hold);
    event_source_options options = observed_source::at_once();
    options.last_event_id_limit = 3;
    observed_source client{test, server.url(), options};
    REQUIRE(client.has_events(3));
    CHECK(last_event_id(server.requests().at(1)) == "123");
    CHECK(last_event_id(server.requests().at(2)) == "none");
    CHECK(client.changes.at(4).message ==
          "the last event id, of 4 bytes, is not sent: it is over the limit of 3");
}

TEST_CASE("an id of old that no server takes is told before the first attempt") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold);
    event_source_options options = observed_source::at_once();
    options.last_event_id = "a\x01";
    observed_source client{test, server.url(), options};
    REQUIRE(client.has_events(1));
    CHECK(client.events[0].id == "a\x01");
    CHECK(last_event_id(server.requests().at(0)) == "none");
    CHECK(client.changes.at(0).reason == errc::unsendable_id);
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
