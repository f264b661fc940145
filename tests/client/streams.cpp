// What an event_source asks for, and what it makes of the answers.

#include "support/observed_source.hpp"
#include "support/scripted_server.hpp"

#include <doctest/doctest.h>

using crier::errc;
using crier::event;
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

const std::string chunked_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(std::string_view bytes) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return std::string{size}.append(bytes).append("\r\n");
}

bool holds(const std::string& request, std::string_view line) {
    return request.find(std::string{"\r\n"}.append(line)) != request.npos;
}

std::string redirect(unsigned status, const std::string& location) {
    return "HTTP/1.1 " + std::to_string(status) + " Elsewhere\r\nLocation: " + location +
           "\r\nContent-Length: 0\r\n\r\n";
}

} // namespace

TEST_CASE("events arrive with their type, data and last event id") {
    context test;
    scripted_server server{test.io};
    server.stream(
        "retry: 10\n\nid: 7\ndata: a\n\n: note\n\nevent: moved\ndata: b\ndata: c\n\n", then::hold);
    observed_source client{test, server.url("/events?x=1")};
    REQUIRE(client.has_events(2));
    CHECK(client.events[0] == event{"message", "a", "7", {}});
    CHECK(client.events[1] == event{"moved", "b\nc", "7", {}});
    CHECK(client.comments == std::vector<std::string>{" note"});
    REQUIRE(client.changes.size() == 1);
    CHECK(client.changes[0].state == ready_state::open);
    CHECK(client.changes[0].url == server.url("/events?x=1"));
    CHECK(client.source.state() == ready_state::open);
    CHECK(client.source.last_event_id() == "7");
}

TEST_CASE("the request is as the standard wants it") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold);
    observed_source client{test, server.url("/events?x=1")};
    REQUIRE(client.has_events(1));
    const std::string& request = server.requests().at(0);
    CHECK(request.starts_with("GET /events?x=1 HTTP/1.1\r\n"));
    CHECK(holds(request, "Accept: text/event-stream\r\n"));
    CHECK(holds(request, "Cache-Control: no-cache\r\n"));
    CHECK(holds(request, "Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
    CHECK_FALSE(holds(request, "Last-Event-ID"));
}

TEST_CASE("a chunk may end anywhere") {
    context test;
    scripted_server server{test.io};
    const std::string body = "data: a\r\n\r\ndata: \xE2\x82\xAC\n\n";
    std::string bytes;
    for (const char byte : body) {
        bytes += chunk({&byte, 1});
    }
    server.answer(chunked_head + bytes + "0\r\n\r\n", then::hold);
    for (std::size_t at = 1; at < body.size(); ++at) {
        const std::string_view whole = body;
        server.answer(
            chunked_head + chunk(whole.substr(0, at)) + chunk(whole.substr(at)) + "0\r\n\r\n",
            then::hold);
    }
    observed_source client{test, server.url()};
    REQUIRE(client.has_events(2 * body.size()));
    for (std::size_t i = 0; i < client.events.size(); i += 2) {
        CAPTURE(i);
        CHECK(client.events[i].data == "a");
        CHECK(client.events[i + 1].data == "\xE2\x82\xAC");
    }
}

TEST_CASE("a body may end with the connection, or after its length") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n");
    server.answer("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: b\n\n");
    server.answer("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\n"
                  "data: c\n\n",
        then::hold);
    observed_source client{test, server.url()};
    CHECK(client.has_events(3));
    CHECK(client.data() == std::vector<std::string>{"a", "b", "c"});
    REQUIRE(client.has_changes(6));
    CHECK(client.changes[1].reason == errc::stream_ended);
    CHECK(client.changes[3].reason == errc::stream_ended);
    CHECK(client.changes[5].reason == errc::stream_ended);
}

TEST_CASE("what comes before the response is passed over") {
    context test;
    scripted_server server{test.io};
    server.answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" +
                      stream_head + "data: a\n\n",
        then::hold);
    observed_source client{test, server.url()};
    CHECK(client.has_events(1));
}

TEST_CASE("another status than 200 is the end, and nothing is asked again") {
    for (const unsigned status : {201U, 204U, 205U, 210U, 299U, 304U, 401U, 404U, 410U}) {
        CAPTURE(status);
        context test;
        scripted_server server{test.io};
        server.answer("HTTP/1.1 " + std::to_string(status) +
                      " Status\r\nContent-Type: text/event-stream\r\n\r\n"
                      "data: a\n\n");
        observed_source client{test, server.url()};
        const errc expected = status == 204 ? errc::no_content : errc::unexpected_status;
        CHECK(client.wait_for_end() == expected);
        CHECK(client.words.find(std::to_string(status)) != std::string::npos);
        CHECK(client.source.state() == ready_state::closed);
        CHECK(client.events.empty());
        test.advance(1h);
        CHECK(server.requests().size() == 1);
        REQUIRE(client.changes.size() == 1);
        CHECK(client.changes[0].state == ready_state::closed);
        CHECK(client.changes[0].reason == expected);
    }
}

TEST_CASE("another type than that of event streams is the end, and is named") {
    for (const std::string_view fields : {"Content-Type: text/x-bogus\r\n", "",
             "Content-Type: text/event-stream\r\n"
             "Content-Encoding: gzip\r\nContent-Encoding: identity\r\n"}) {
        CAPTURE(fields);
        context test;
        scripted_server server{test.io};
        server.answer("HTTP/1.1 200 OK\r\n" + std::string{fields} + "\r\ndata: a\n\n");
        observed_source client{test, server.url()};
        CHECK(client.wait_for_end() == errc::not_event_stream);
        CHECK(client.events.empty());
    }
}

TEST_CASE("204 ends what was a stream") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n").stream("data: b\n\n").answer("HTTP/1.1 204 No Content\r\n\r\n");
    observed_source client{test, server.url()};
    CHECK(client.wait_for_end() == errc::no_content);
    CHECK(client.data() == std::vector<std::string>{"a", "b"});
    std::vector<ready_state> states;
    for (const auto& change : client.changes) {
        states.push_back(change.state);
    }
    using enum ready_state;
    CHECK(states == std::vector{open, connecting, open, connecting, closed});
}

TEST_CASE("server errors are tried again, and not before Retry-After") {
    context test;
    scripted_server server{test.io};
    server.answer("HTTP/1.1 503 Busy\r\nRetry-After: 120\r\n\r\n")
        .answer("HTTP/1.1 429 Too Many\r\n\r\n")
        .stream("data: a\n\n", then::hold);
    event_source_options options = observed_source::at_once();
    observed_source client{test, server.url(), options};
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].state == ready_state::connecting);
    CHECK(client.changes[0].reason == errc::unexpected_status);
    CHECK(client.changes[0].message == "503 Busy");
    CHECK(client.changes[0].delay == 120s);
    test.advance(119s);
    CHECK(server.requests().size() == 1);
    test.advance(1s);
    CHECK(client.has_events(1));
    CHECK(server.requests().size() == 3);
}

TEST_CASE("by the letter of the standard a server error is the end") {
    for (const std::string status : {"429 Too Many", "500 Broken", "503 Busy"}) {
        CAPTURE(status);
        context test;
        scripted_server server{test.io};
        server.answer("HTTP/1.1 " + status + "\r\nRetry-After: 1\r\n\r\n");
        event_source_options options = observed_source::at_once();
        options.standard_errors = true;
        observed_source client{test, server.url(), options};
        CHECK(client.wait_for_end() == errc::unexpected_status);
        CHECK(client.words.find(status) != std::string::npos);
        test.advance(1h);
        CHECK(server.requests().size() == 1);
    }
}

TEST_CASE("each kind of redirect is followed, and again from the start after a reconnect") {
    for (const unsigned status : {301U, 302U, 303U, 307U, 308U}) {
        CAPTURE(status);
        context test;
        scripted_server server{test.io};
        for (int i = 0; i < 2; ++i) {
            server.answer(redirect(status, "/b?c"), then::hold).stream("id: 1\ndata: a\n\n");
        }
        observed_source client{test, server.url("/a")};
        REQUIRE(client.has_events(2));
        CHECK(client.changes.at(0).url == server.url("/b?c"));
        CHECK(server.requests().at(0).starts_with("GET /a "));
        CHECK(server.requests().at(1).starts_with("GET /b?c "));
        CHECK(server.requests().at(2).starts_with("GET /a "));
        CHECK(holds(server.requests().at(3), "Last-Event-ID: 1\r\n"));
    }
}

TEST_CASE("a redirect that leads nowhere is the end, and says so") {
    for (const std::string location : {"", "ftp://h/"}) {
        context test;
        scripted_server server{test.io};
        server.answer(redirect(301, location), then::hold);
        observed_source client{test, server.url()};
        CHECK(client.wait_for_end() == errc::bad_redirect);
        CHECK(client.words.find("301") != std::string::npos);
    }
}

TEST_CASE("20 redirects in a row are followed, and one more is the end") {
    context test;
    scripted_server server{test.io};
    for (int i = 0; i < 21; ++i) {
        server.answer(redirect(302, "/again"), then::hold);
    }
    observed_source client{test, server.url()};
    CHECK(client.wait_for_end() == errc::too_many_redirects);
    CHECK(server.requests().size() == 21);
}

TEST_CASE("another origin does not get the credentials") {
    context test;
    scripted_server first{test.io};
    scripted_server other{test.io};
    first.answer(redirect(307, other.url("/x")), then::hold);
    other.stream("data: a\n\n", then::hold);
    event_source_options options;
    options.headers = {{"Authorization", "secret"}, {"X-Token", "secret"}};
    observed_source client{test, first.url(), options};
    REQUIRE(client.has_events(1));
    CHECK(holds(first.requests().at(0), "Authorization: secret\r\n"));
    CHECK(other.requests().at(0).find("secret") == std::string::npos);
    CHECK(client.changes.at(0).url == other.url("/x"));
}

TEST_CASE("method, headers and body go out with each connection") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n").stream("data: b\n\n", then::hold);
    event_source_options options = observed_source::at_once();
    options.method = "POST";
    options.headers = {{"Content-Type", "application/json"}};
    options.body = "{\"a\":1}";
    options.reconnect = true;
    observed_source client{test, server.url(), options};
    REQUIRE(client.has_events(2));
    for (const std::string& request : server.requests()) {
        CHECK(request.starts_with("POST / HTTP/1.1\r\n"));
        CHECK(holds(request, "Content-Type: application/json\r\n"));
        CHECK(request.ends_with("Content-Length: 7\r\n\r\n{\"a\":1}"));
    }
}

TEST_CASE("an answer that comes before a large body was read is heard") {
    context test;
    asio::ip::tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    test.spawn([](asio::ip::tcp::acceptor& from) -> asio::awaitable<void> {
        asio::ip::tcp::socket socket = co_await from.async_accept(asio::use_awaitable);
        co_await socket.async_wait(asio::socket_base::wait_read, asio::use_awaitable);
        const std::string_view answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
        co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
        // With what is left unread, the end of the connection is a reset.
    }(acceptor));
    event_source_options options;
    options.method = "POST";
    options.body = std::string(20'000'000, 'x');
    observed_source client{test,
        "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/", options};
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].reason == errc::unexpected_status);
    CHECK(client.changes[0].message == "413 Too Large");
}

TEST_CASE("an event over the limit is the end, which names the limit, after those before it") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\ndata: " + std::string(100, 'x') + "\n\n", then::hold);
    event_source_options options;
    options.event_limit = 64;
    observed_source client{test, server.url(), options};
    CHECK(client.wait_for_end() == errc::line_too_long);
    CHECK(client.words.find("64 bytes") != std::string::npos);
    CHECK(client.data() == std::vector<std::string>{"a"});
    CHECK(server.requests().size() == 1);
}

TEST_CASE("what is no HTTP is tried again, with a reason") {
    context test;
    scripted_server server{test.io};
    server.answer("SSH-2.0-OpenSSH\r\n\r\n").stream("data: a\n\n", then::hold);
    observed_source client{test, server.url()};
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].reason == errc::bad_response);
    CHECK(client.has_events(1));
}

TEST_CASE("the bytes of a stream can be observed as they come") {
    context test;
    scripted_server server{test.io};
    const std::string body = ":x\r\ndata: \xFF\r\n\r\nunfinished";
    server.answer(chunked_head + chunk(body) + "0\r\n\r\n").answer("HTTP/1.1 204 End\r\n\r\n");
    std::string bytes;
    event_source_options options = observed_source::at_once();
    options.on_bytes = [&](std::string_view piece) { bytes += piece; };
    observed_source client{test, server.url(), options};
    CHECK(client.wait_for_end() == errc::no_content);
    CHECK(bytes == body);
    CHECK(client.data() == std::vector<std::string>{"\xEF\xBF\xBD"});
}

TEST_CASE("what makes no sense is refused at once") {
    context test;
    const auto make = [&](std::string_view url, const event_source_options& options) {
        crier::event_source{test.io.get_executor(), url, options};
    };
    CHECK_THROWS_WITH_AS(make("example.test/x", {}),
        doctest::Contains("\"example.test/x\": URL must be absolute"), std::invalid_argument);
    const std::pair<const char*, void (*)(event_source_options&)> cases[] = {
        {"header", [](event_source_options& o) { o.headers = {{"a b", ""}}; }},
        {"last_event_id", [](event_source_options& o) { o.last_event_id = "1\r\nX: y"; }},
        {"event_limit", [](event_source_options& o) { o.event_limit = 0; }},
        {"queue_events", [](event_source_options& o) { o.queue_events = 0; }},
    };
    for (const auto& [name, spoil] : cases) {
        CAPTURE(name);
        event_source_options options;
        spoil(options);
        CHECK_THROWS_WITH_AS(
            make("http://h/", options), doctest::Contains(name), std::invalid_argument);
    }
}
