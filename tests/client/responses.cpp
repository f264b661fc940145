// What an event_source tells of responses, and what it keeps of them.

#include "support/observed_source.hpp"
#include "support/scripted_server.hpp"

#include <doctest/doctest.h>

using crier::errc;
using crier::event_source_options;
using crier::ready_state;
using crier::response_info;
using crier::test::context;
using crier::test::observed_source;
using crier::test::scripted_server;
using crier::test::stream_head;
using crier::test::then;
using namespace std::chrono_literals;

namespace {

std::string value_of(const response_info& in, std::string_view name) {
    for (const crier::header_field& field : in.headers) {
        if (field.name == name) {
            return field.value;
        }
    }
    return "none";
}

const std::string unauthorized = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n";

std::string sent_cookies(const std::string& request) {
    constexpr std::string_view name = "\r\nCookie: ";
    const std::size_t at = request.find(name);
    return at == request.npos
             ? "none"
             : request.substr(at + name.size(), request.find("\r\n", at + 2) - at - name.size());
}

} // namespace

TEST_CASE("an error that ends it comes with its fields and its body") {
    for (const std::string& rest :
        {std::string{"Content-Length: 13\r\n\r\ntoken expired"}, std::string{"\r\ntoken expired"},
            std::string{
                "Transfer-Encoding: chunked\r\n\r\n6\r\ntoken \r\n7\r\nexpired\r\n0\r\n\r\n"}}) {
        CAPTURE(rest);
        context test;
        scripted_server server{test.io};
        server.answer(unauthorized + rest);
        observed_source client{test, server.url("/x")};
        CHECK(client.wait_for_end() == errc::unexpected_status);
        CHECK(client.words.starts_with("401 Unauthorized"));
        REQUIRE(client.changes.size() == 1);
        const auto response = client.changes[0].response;
        REQUIRE(response);
        CHECK(response->status == 401);
        CHECK(response->reason == "Unauthorized");
        CHECK(response->url == server.url("/x"));
        CHECK(value_of(*response, "WWW-Authenticate") == "Bearer");
        CHECK(response->body == "token expired");
    }
}

TEST_CASE("each response that is no stream is told with its body") {
    const std::pair<std::string, errc> cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nmaintenance", errc::not_event_stream},
        {"HTTP/1.1 301 Moved\r\n\r\nmaintenance", errc::bad_redirect},
        {"HTTP/1.1 404 Not Found\r\n\r\nmaintenance", errc::unexpected_status},
    };
    for (const auto& [answer, reason] : cases) {
        context test;
        scripted_server server{test.io};
        server.answer(answer);
        observed_source client{test, server.url()};
        CHECK(client.wait_for_end() == reason);
        REQUIRE(client.changes.at(0).response);
        CHECK(client.changes[0].response->body == "maintenance");
    }
}

TEST_CASE("an error that is tried again comes with its body too, and one of the line with none") {
    context test;
    scripted_server server{test.io};
    server.answer("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\ngone", then::hold);
    server.answer("").stream("data: a\n\n").stream("", then::hold);
    observed_source client{test, server.url()};
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].state == ready_state::connecting);
    REQUIRE(client.changes[0].response);
    CHECK(client.changes[0].response->status == 502);
    CHECK(client.changes[0].response->body == "gone");
    test.advance(1min);
    REQUIRE(client.has_changes(2));
    CHECK_FALSE(client.changes[1].response);
    test.advance(1min);
    REQUIRE(client.has_changes(5));
    REQUIRE(client.changes[2].response);
    CHECK(client.changes[2].state == ready_state::open);
    CHECK(client.changes[2].response->status == 200);
    CHECK(client.changes[2].response->body.empty());
    CHECK_FALSE(client.changes[3].response);
}

TEST_CASE("of an error's body the first 4 KB are read") {
    context test;
    scripted_server server{test.io};
    server.answer("HTTP/1.1 400 Bad\r\n\r\n" + std::string(300'000, 'x'), then::hold);
    observed_source client{test, server.url()};
    CHECK(client.wait_for_end() == errc::unexpected_status);
    CHECK(client.changes.at(0).response->body == std::string(4'096, 'x'));
}

TEST_CASE("the rest of an error's body is not waited for without end") {
    for (const auto longest : {60'000ms, 2'000ms}) {
        CAPTURE(longest.count());
        context test;
        scripted_server server{test.io};
        server.answer("HTTP/1.1 400 Bad\r\nContent-Length: 9\r\n\r\nabc", then::hold);
        event_source_options options = observed_source::at_once();
        options.header_timeout = longest;
        bool heard = false;
        options.on_response = [&](const response_info&) { heard = true; };
        observed_source client{test, server.url(), options};
        REQUIRE(test.run_until([&] { return heard; }));
        test.advance(1s);
        CHECK(client.changes.empty());
        test.advance(longest == 2s ? 1s : 4s);
        CHECK(client.wait_for_end() == errc::unexpected_status);
        CHECK(client.changes.at(0).response->body == "abc");
    }
}

TEST_CASE("an error's body that is cut, or framed wrongly, is told as far as it came") {
    for (const std::string& rest : {std::string{"Content-Length: 9\r\n\r\nabc"},
             std::string{"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n"}}) {
        context test;
        scripted_server server{test.io};
        server.answer("HTTP/1.1 400 Bad\r\n" + rest);
        observed_source client{test, server.url()};
        CHECK(client.wait_for_end() == errc::unexpected_status);
        CHECK(client.changes.at(0).response->body == "abc");
    }
}

TEST_CASE("to leave, or to go on, does not wait for an error's body") {
    for (const bool goes_on : {false, true}) {
        context test;
        scripted_server server{test.io};
        server.answer("HTTP/1.1 400 Bad\r\n\r\n", then::hold).stream("data: a\n\n", then::hold);
        event_source_options options = observed_source::at_once();
        bool heard = false;
        options.on_response = [&](const response_info&) { heard = true; };
        observed_source client{test, server.url(), options};
        REQUIRE(test.run_until([&] { return heard; }));
        if (goes_on) {
            client.source.reconnect();
            CHECK(client.has_events(1));
        } else {
            client.source.close();
            CHECK(client.wait_for_end() == boost::asio::error::operation_aborted);
        }
    }
}

TEST_CASE("each response is observed before its body, those of redirects and streams too") {
    context test;
    scripted_server server{test.io};
    server.answer("HTTP/1.1 302 Found\r\nLocation: /b\r\nX-Node: 1\r\n\r\n", then::hold)
        .answer("HTTP/1.1 103 Early\r\nX-Node: 0\r\n\r\nHTTP/1.1 200 OK\r\nX-Node: 2\r\n"
                "Content-Type: text/event-stream\r\n\r\ndata: a\n\n")
        .answer("HTTP/1.1 404 Not Found\r\nX-Node: 3\r\n\r\nbody");
    std::vector<std::string> seen;
    event_source_options options = observed_source::at_once();
    options.on_response = [&](const response_info& head) {
        seen.push_back(std::to_string(head.status) + ' ' + value_of(head, "X-Node") + ' ' +
                       head.url.substr(server.url("").size()) + head.body);
    };
    observed_source client{test, server.url("/a"), options};
    CHECK(client.wait_for_end() == errc::unexpected_status);
    CHECK(seen == std::vector<std::string>{"302 1 /a", "200 2 /b", "404 3 /a"});
}

TEST_CASE("what on_response throws ends it, and it may close the source") {
    for (const bool throws : {false, true}) {
        context test;
        scripted_server server{test.io};
        server.answer("HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n", then::hold)
            .stream("data: a\n\n", then::hold);
        event_source_options options = observed_source::at_once();
        observed_source* current = nullptr;
        int calls = 0;
        options.on_response = [&](const response_info&) {
            ++calls;
            if (throws) {
                throw boost::system::system_error{boost::asio::error::access_denied};
            }
            current->source.close();
        };
        observed_source client{test, server.url(), options};
        current = &client;
        using namespace boost::asio::error;
        const boost::system::error_code expected =
            throws ? make_error_code(access_denied) : make_error_code(operation_aborted);
        CHECK(client.wait_for_end() == expected);
        test.run();
        CHECK(calls == 1);
        CHECK(server.requests().size() == 1);
    }
}

TEST_CASE("cookies are returned where that is wanted, to the same host only") {
    context test;
    scripted_server server{test.io};
    scripted_server other{test.io, {boost::asio::ip::make_address("127.0.0.2"), 0}};
    const std::string elsewhere = "http://127.0.0.2:" + std::to_string(other.port()) + "/x";
    server.answer("HTTP/1.1 503 Busy\r\nSet-Cookie: SERVERID=1; path=/\r\n\r\n")
        .answer("HTTP/1.1 302 Found\r\nLocation: /b\r\nSet-Cookie: hop=2\r\n"
                "Set-Cookie: SERVERID=; Max-Age=0\r\n\r\n")
        .answer("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nSet-Cookie: c=3\r\n\r\n"
                "data: a\n\n")
        .answer("HTTP/1.1 307 Elsewhere\r\nLocation: " + elsewhere + "\r\n\r\n");
    other.stream("data: b\n\n", then::hold);
    event_source_options options = observed_source::at_once();
    options.keep_cookies = true;
    options.headers = {{"Cookie", "own=0"}};
    observed_source client{test, server.url("/a"), options};
    REQUIRE(client.has_events(2));
    std::vector<std::string> sent;
    for (const std::string& request : server.requests()) {
        sent.push_back(sent_cookies(request));
    }
    CHECK(sent == std::vector<std::string>{
                      "own=0", "own=0; SERVERID=1", "own=0; hop=2", "own=0; hop=2; c=3"});
    CHECK(sent_cookies(other.requests().at(0)) == "none");
}

TEST_CASE("cookies are not kept by default") {
    context test;
    scripted_server server{test.io};
    server.answer("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nSet-Cookie: a=1\r\n\r\n"
                  "data: a\n\n");
    server.stream("data: b\n\n", then::hold);
    observed_source client{test, server.url()};
    REQUIRE(client.has_events(2));
    CHECK(sent_cookies(server.requests().at(1)) == "none");
}
