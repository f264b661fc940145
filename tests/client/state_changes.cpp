// Which kind of change on_state_change tells of.

#include "support/observed_source.hpp"
#include "support/scripted_server.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using crier::change_kind;
using crier::errc;
using crier::event_source_options;
using crier::ready_state;
using crier::test::context;
using crier::test::observed_source;
using crier::test::scripted_server;
using crier::test::then;
namespace asio = boost::asio;

namespace {

using kinds = std::vector<change_kind>;

kinds kinds_of(const observed_source& client) {
    kinds all;
    for (const crier::state_change& each : client.changes) {
        all.push_back(each.kind);
    }
    return all;
}

/// How a source ends whose server gives this answer.
crier::state_change end_after(
    const std::string& answer, event_source_options options = observed_source::at_once()) {
    context test;
    scripted_server server{test.io};
    server.answer(answer);
    observed_source client{test, server.url(), std::move(options)};
    client.wait_for_end();
    REQUIRE(!client.changes.empty());
    return client.changes.back();
}

event_source_options without_reconnect() {
    event_source_options options = observed_source::at_once();
    options.reconnect = false;
    return options;
}

} // namespace

TEST_CASE("a stream opens, and is tried again after its end and after a failed attempt") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n").answer("").stream("data: b\n\n", then::hold);
    observed_source client{test, server.url()};
    REQUIRE(client.has_changes(4));
    using enum change_kind;
    CHECK(kinds_of(client) == kinds{opened, retrying, retrying, opened});
}

TEST_CASE("a reconnect that the program has asked for is a retry without a reason") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold).stream("data: b\n\n", then::hold);
    observed_source client{test, server.url()};
    REQUIRE(client.has_events(1));
    client.source.reconnect();
    REQUIRE(client.has_events(2));
    using enum change_kind;
    CHECK(kinds_of(client) == kinds{opened, retrying, opened});
    CHECK_FALSE(client.changes[1].reason);
}

TEST_CASE("close says that the program has closed it, open or not") {
    for (const bool is_open : {true, false}) {
        CAPTURE(is_open);
        context test;
        scripted_server server{test.io};
        if (is_open) {
            server.stream("data: a\n\n", then::hold);
        }
        observed_source client{test, server.url()};
        REQUIRE(client.has_events(is_open ? 1 : 0));
        client.source.close();
        client.source.close();
        CHECK(client.changes.size() == (is_open ? 2 : 1));
        const crier::state_change& end = client.changes.back();
        CHECK(end.kind == change_kind::closed_by_program);
        CHECK(end.state == ready_state::closed);
        CHECK(end.reason == errc::closed);
        CHECK(end.message == "closed by the program");
        CHECK(client.wait_for_end() == asio::error::operation_aborted);
        CHECK(client.words.starts_with("closed by the program"));
    }
}

TEST_CASE("a server that says not to come again has refused") {
    for (const char* const answer :
        {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 301 Moved Permanently\r\nContent-Length: 0\r\n\r\n"}) {
        CAPTURE(answer);
        const crier::state_change end = end_after(answer);
        CHECK(end.kind == change_kind::refused);
        CHECK(end.state == ready_state::closed);
        CHECK(end.response);
    }
}

TEST_CASE("a proxy that says not to come again has refused, too") {
    context test;
    scripted_server proxy{test.io};
    proxy.answer("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    event_source_options options = observed_source::at_once();
    options.proxy.url = proxy.url();
    observed_source client{test, "http://h.invalid/", options};
    client.wait_for_end();
    CHECK(kinds_of(client) == kinds{change_kind::refused});
}

TEST_CASE("what passes is a retry, but not by the letter of the standard") {
    const std::string busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    context test;
    scripted_server server{test.io};
    server.answer(busy);
    observed_source client{test, server.url()};
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].kind == change_kind::retrying);
    CHECK(client.changes[0].response);
    event_source_options standard = observed_source::at_once();
    standard.standard_errors = true;
    CHECK(end_after(busy, standard).kind == change_kind::refused);
}

TEST_CASE("where no other attempt is allowed, the end is not retried") {
    const crier::state_change ended =
        end_after(crier::test::stream_head + "data: a\n\n", without_reconnect());
    CHECK(ended.kind == change_kind::not_retried);
    CHECK(ended.reason == errc::stream_ended);
    CHECK(end_after("", without_reconnect()).kind == change_kind::not_retried);
    // What is refused is so without that, too.
    CHECK(end_after("HTTP/1.1 204 No Content\r\n\r\n", without_reconnect()).kind ==
          change_kind::refused);
}

TEST_CASE("what the program cannot take has failed") {
    event_source_options options = observed_source::at_once();
    options.event_limit = 8;
    const crier::state_change large =
        end_after(crier::test::stream_head + "data: 12345678\n\n", options);
    CHECK(large.kind == change_kind::failed);
    CHECK(large.reason == errc::line_too_long);

    options = observed_source::at_once();
    options.random = []() -> double { throw std::length_error{"own failure"}; };
    context test;
    scripted_server server{test.io};
    server.answer("");
    kinds told;
    options.on_state_change = [&](const crier::state_change& change) {
        told.push_back(change.kind);
    };
    crier::event_source source{test.io.get_executor(), server.url(), options};
    REQUIRE(test.run_until([&] { return source.state() == ready_state::closed; }));
    CHECK(told == kinds{change_kind::failed});
}

TEST_CASE("an id that is not sent is a change of its own") {
    context test;
    scripted_server server{test.io};
    server.stream("data: a\n\n", then::hold);
    event_source_options options = observed_source::at_once();
    options.last_event_id = "long";
    options.last_event_id_limit = 3;
    observed_source client{test, server.url(), options};
    REQUIRE(client.has_events(1));
    using enum change_kind;
    CHECK(kinds_of(client) == kinds{id_not_sent, opened});
}
