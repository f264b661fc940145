// Connections through a proxy: who gets what, and what becomes of a proxy that refuses.

#include "support/certificate.hpp"
#include "support/observed_source.hpp"
#include "support/scripted_server.hpp"
#include "support/temporary.hpp"
#include "support/tls_server.hpp"

#include <doctest/doctest.h>

using crier::errc;
using crier::event_source_options;
using crier::ready_state;
using crier::test::certificate;
using crier::test::context;
using crier::test::observed_source;
using crier::test::scripted_server;
using crier::test::stream_head;
using crier::test::temporary_file;
using crier::test::then;
using crier::test::tls_server;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

const std::string stream = stream_head + "data: a\n\n";
const std::string connected = "HTTP/1.1 200 Connection established\r\n\r\n";

event_source_options with_proxy(std::string url) {
    event_source_options options = observed_source::at_once();
    options.proxy.url = std::move(url);
    return options;
}

/// With credentials for the proxy, and others for the server.
event_source_options with_secrets(const std::string& proxy) {
    event_source_options options = with_proxy("http://user:pass@" + proxy.substr(7));
    options.headers = {{"Authorization", "Bearer secret"}};
    return options;
}

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// A server with TLS that is its own proxy, which answers CONNECT so.
struct tunnel {
    context test;
    const certificate identity;
    const temporary_file trusted{identity.pem()};
    tls_server server{test.io, identity, stream};

    explicit tunnel(const char* names, const std::string& answer = connected) : identity{names} {
        server.as_proxy(answer);
    }

    event_source_options trusting(event_source_options options) const {
        options.tls.ca_file = trusted.path();
        return options;
    }
};

} // namespace

TEST_CASE("a proxy is sent what is for a server without TLS, with the whole URL") {
    context test;
    scripted_server proxy{test.io};
    proxy.stream("data: a\n\n", then::hold);
    observed_source client{test, "http://example.test:81/a?b", with_secrets(proxy.url(""))};
    REQUIRE(client.has_events(1));
    const std::string& asked = proxy.requests().at(0);
    CHECK(asked.starts_with("GET http://example.test:81/a?b HTTP/1.1\r\nHost: example.test:81\r\n"
                            "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"));
    CHECK(client.changes.at(0).url == "http://example.test:81/a?b");
}

TEST_CASE(
    "a server with TLS is reached through a tunnel, and each side sees only what is its own") {
    tunnel through{"DNS:example.test"};
    const tls_server& server = through.server;
    event_source_options options = through.trusting(with_secrets(server.proxy_url()));
    options.reconnect = false;
    observed_source client{through.test, "https://example.test/a?b", options};
    CHECK(client.has_events(1));
    REQUIRE(server.requests().size() == 2);
    CHECK(server.requests()[0] == "CONNECT example.test:443 HTTP/1.1\r\n"
                                  "Host: example.test:443\r\n"
                                  "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"
                                  "User-Agent: crier\r\n"
                                  "\r\n");
    CHECK(server.requests()[1].starts_with("GET /a?b HTTP/1.1\r\nHost: example.test\r\n"));
    CHECK(holds(server.requests()[1], "Authorization: Bearer secret\r\n"));
    CHECK_FALSE(holds(server.requests()[1], "Proxy-"));
    CHECK(server.names() == std::vector<std::string>{"example.test"});
}

TEST_CASE("the certificate is verified behind a proxy as elsewhere") {
    tunnel through{"DNS:other.test"};
    observed_source client{through.test, "https://example.test/",
        through.trusting(with_proxy(through.server.proxy_url()))};
    REQUIRE(client.has_changes(1));
    CHECK(holds(client.changes[0].message, "mismatch"));
    CHECK(client.events.empty());
}

TEST_CASE("what a proxy says before its answer, and of a body in it, does not matter") {
    for (const std::string answer : {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
             "HTTP/1.0 201 Whatever\r\nVia: p\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
        CAPTURE(answer);
        tunnel through{"DNS:example.test", answer};
        observed_source client{through.test, "https://example.test/",
            through.trusting(with_proxy(through.server.proxy_url()))};
        CHECK(through.test.run_until([&] { return !client.events.empty(); }));
    }
}

TEST_CASE("a proxy's refusal ends the source, and says why, however server errors are taken") {
    for (const std::string status :
        {"403 Forbidden", "407 Proxy Authentication Required", "404 Not Found"}) {
        CAPTURE(status);
        context test;
        scripted_server proxy{test.io};
        proxy.answer("HTTP/1.1 " + status + "\r\nProxy-Authenticate: Basic realm=x\r\n\r\n");
        observed_source client{test, "https://example.test/", with_proxy(proxy.url(""))};
        CHECK(client.wait_for_end() == errc::proxy_refused);
        CHECK(client.changes.back().message ==
              "proxy 127.0.0.1:" + std::to_string(proxy.port()) + ": " + status);
        CHECK(proxy.requests().size() == 1);
    }
}

TEST_CASE("a proxy that wants credentials for a server without TLS ends the source too") {
    context test;
    scripted_server proxy{test.io};
    proxy.answer("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    observed_source client{test, "http://example.test/", with_proxy(proxy.url(""))};
    CHECK(client.wait_for_end() == errc::proxy_refused);
    CHECK(holds(client.changes.back().message, ": 407 Proxy Authentication Required"));
}

TEST_CASE("a proxy that does not reach the server now is asked again, as late as it says") {
    context test;
    scripted_server proxy{test.io};
    proxy.answer("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n");
    observed_source client{test, "https://example.test/", with_proxy(proxy.url(""))};
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].state == ready_state::connecting);
    CHECK(client.changes[0].reason == errc::proxy_refused);
    CHECK(client.changes[0].delay >= 7s);
    test.advance(client.changes[0].delay);
    CHECK(test.run_until([&] { return proxy.requests().size() == 2; }));
}

TEST_CASE("a proxy's answer to CONNECT takes no longer than connecting may") {
    context test;
    scripted_server silent{test.io};
    observed_source client{test, "https://example.test/", with_proxy(silent.url(""))};
    REQUIRE(test.run_until([&] { return !silent.requests().empty(); }));
    test.advance(9s);
    CHECK(client.changes.empty());
    test.advance(2s);
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].reason == errc::connect_timeout);
    CHECK(client.changes[0].message.starts_with("proxy 127.0.0.1:"));
}

TEST_CASE("a proxy's answer is bounded, must be HTTP, and ends with its header") {
    for (const std::string& answer :
        {std::string{"SSH-2.0-x\r\n\r\n"}, "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x'),
            std::string{"HTTP/1.1 101 Switching Protocols\r\n\r\n"}, connected + "\x16"}) {
        CAPTURE(answer.substr(0, 40));
        context test;
        scripted_server proxy{test.io};
        proxy.answer(answer, then::hold);
        observed_source client{test, "https://example.test/", with_proxy(proxy.url(""))};
        REQUIRE(client.has_changes(1));
        CHECK(client.changes[0].reason == errc::bad_response);
        CHECK(client.changes[0].message.starts_with("proxy 127.0.0.1:"));
    }
}

TEST_CASE("a proxy that goes away, or is not there, is named") {
    context test;
    scripted_server proxy{test.io};
    proxy.answer("HTTP/1.1 20");
    observed_source cut{test, "https://example.test/", with_proxy(proxy.url(""))};
    REQUIRE(cut.has_changes(1));
    CHECK(cut.changes[0].message.starts_with("proxy 127.0.0.1:"));
    observed_source none{test, "https://example.test/", with_proxy("127.0.0.1:1")};
    REQUIRE(none.has_changes(1));
    CHECK(none.changes[0].reason == asio::error::connection_refused);
    CHECK(none.changes[0].message.starts_with("proxy 127.0.0.1:1: "));
}

TEST_CASE("each redirect goes the way that is its own, and takes no credentials along") {
    context test;
    scripted_server direct{test.io};
    direct.stream("data: a\n\n", then::hold);
    scripted_server proxy{test.io};
    proxy.answer(
        "HTTP/1.1 307 Moved\r\nLocation: " + direct.url() + "\r\nContent-Length: 0\r\n\r\n");
    event_source_options options = with_secrets(proxy.url(""));
    options.proxy.no_proxy = "127.0.0.1";
    observed_source client{test, "http://example.test/", options};
    REQUIRE(client.has_events(1));
    CHECK(direct.requests().at(0).starts_with("GET / HTTP/1.1\r\n"));
    CHECK_FALSE(holds(direct.requests()[0], "Authorization"));
}

TEST_CASE("nobody can set the proxy's credentials as a header, which the server would get") {
    context test;
    event_source_options options;
    options.headers = {{"proxy-authorization", "Basic x"}};
    CHECK_THROWS_AS(
        (crier::event_source{test.io.get_executor(), "http://h/", options}), std::invalid_argument);
}
