// A source resumes its TLS session with a server, and only that.

#include "support/observed_source.hpp"
#include "support/scripted_server.hpp"
#include "support/temporary.hpp"
#include "support/tls_server.hpp"

#include <doctest/doctest.h>

using crier::event_source_options;
using crier::test::certificate;
using crier::test::context;
using crier::test::observed_source;
using crier::test::stream_head;
using crier::test::temporary_file;
using crier::test::tls_server;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

const std::string stream = stream_head + "data: a\n\n";

event_source_options trusting(const temporary_file& file) {
    event_source_options options = observed_source::at_once();
    options.tls.ca_file = file.path();
    return options;
}

std::string moved_to(const std::string& url) {
    return "HTTP/1.1 307 Moved\r\nLocation: " + url + "\r\nContent-Length: 0\r\n\r\n";
}

} // namespace

TEST_CASE("a reconnect resumes the session, with tickets and without, however the stream ended") {
    const certificate identity{"DNS:localhost"};
    const temporary_file trusted{identity.pem()};
    struct row {
        int version;
        std::uint64_t options;
        tls_server::ending how;
    };
    for (const row& each : {row{TLS1_3_VERSION, 0, tls_server::ending::close_notify},
             row{TLS1_3_VERSION, 0, tls_server::ending::cut},
             row{TLS1_2_VERSION, 0, tls_server::ending::close_notify},
             row{TLS1_2_VERSION, 0, tls_server::ending::cut},
             row{TLS1_2_VERSION, SSL_OP_NO_TICKET, tls_server::ending::close_notify}}) {
        CAPTURE(each.version);
        CAPTURE(each.options);
        context test;
        tls_server server{test.io, identity, stream, each.how};
        SSL_CTX_set_max_proto_version(server.context(), each.version);
        SSL_CTX_set_options(server.context(), each.options);
        observed_source client{test, server.url("localhost"), trusting(trusted)};
        REQUIRE(test.run_until([&] { return client.events.size() >= 4; }));
        CHECK_FALSE(server.resumed()[0]);
        CHECK(server.resumed()[1]);
        CHECK(server.resumed()[2]);
        CHECK(server.resumed()[3]);
    }
}

TEST_CASE("a reconnect that the program asks for resumes the session too") {
    context test;
    const certificate identity{"DNS:localhost"};
    const temporary_file trusted{identity.pem()};
    tls_server server{test.io, identity, stream, tls_server::ending::hold};
    observed_source client{test, server.url("localhost"), trusting(trusted)};
    REQUIRE(client.has_events(1));
    client.source.reconnect();
    REQUIRE(client.has_events(2));
    CHECK(server.resumed() == std::vector<bool>{false, true});
}

TEST_CASE("each source has sessions of its own") {
    context test;
    const certificate identity{"DNS:localhost"};
    event_source_options options = observed_source::at_once();
    options.tls.context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    options.reconnect = false;
    options.tls.verify = false;
    tls_server server{test.io, identity, stream};
    {
        observed_source first{test, server.url("localhost"), options};
        REQUIRE(first.has_events(1));
    }
    options.tls.verify = true;
    observed_source second{test, server.url("localhost"), options};
    second.wait_for_end();
    CHECK(second.events.empty());
    CHECK(second.changes.back().message.starts_with("certificate of localhost: "));
}

TEST_CASE("a callback that lets pass what is not valid is asked with each connection") {
    context test;
    const certificate identity{"DNS:localhost"};
    tls_server server{test.io, identity, stream};
    event_source_options options = observed_source::at_once();
    options.tls.context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    int asked = 0;
    options.tls.context->set_verify_callback([&asked](bool is_valid, auto&) {
        asked += is_valid ? 0 : 1;
        return true;
    });
    observed_source client{test, server.url("localhost"), options};
    REQUIRE(test.run_until([&] { return client.events.size() >= 3; }));
    CHECK(asked >= 3);
    CHECK(std::ranges::count(server.resumed(), true) == 0);
}

TEST_CASE("sessions are resumed where nothing is verified, too") {
    context test;
    const certificate identity{"DNS:localhost"};
    tls_server server{test.io, identity, stream};
    event_source_options options = observed_source::at_once();
    options.tls.verify = false;
    observed_source client{test, server.url("localhost"), options};
    REQUIRE(test.run_until([&] { return client.events.size() >= 2; }));
    CHECK(server.resumed()[1]);
}

TEST_CASE("a session is for one host and one port") {
    context test;
    const certificate identity{"DNS:localhost,IP:127.0.0.1"};
    const temporary_file trusted{identity.pem()};
    tls_server last{test.io, identity, stream};
    tls_server middle{test.io, identity, moved_to(last.url("127.0.0.1"))};
    tls_server first{test.io, identity, moved_to(middle.url("localhost"))};
    observed_source client{test, first.url("localhost"), trusting(trusted)};
    REQUIRE(test.run_until([&] { return client.events.size() >= 2; }));
    for (const tls_server* const each : {&first, &middle, &last}) {
        CHECK_FALSE(each->resumed()[0]);
        CHECK(each->resumed()[1]);
    }
}

TEST_CASE("a server that has forgotten the session is shaken hands with as at first") {
    context test;
    const certificate identity{"DNS:localhost"};
    const temporary_file trusted{identity.pem()};
    tls_server server{test.io, identity, stream};
    observed_source client{test, server.url("localhost"), trusting(trusted)};
    REQUIRE(client.has_events(1));
    std::array<unsigned char, 80> keys{1};
    SSL_CTX_set_tlsext_ticket_keys(server.context(), keys.data(), keys.size());
    REQUIRE(test.run_until([&] { return client.events.size() >= 3; }));
    CHECK(std::ranges::count(server.resumed(), false) == 2);
}

TEST_CASE("certificates are seen again after a day, however often the session was resumed") {
    context test;
    const certificate identity{"DNS:localhost"};
    const temporary_file trusted{identity.pem()};
    tls_server server{test.io, identity, stream, tls_server::ending::hold};
    observed_source client{test, server.url("localhost"), trusting(trusted)};
    REQUIRE(client.has_events(1));
    test.advance(23h);
    client.source.reconnect();
    REQUIRE(client.has_events(2));
    test.advance(2h);
    client.source.reconnect();
    REQUIRE(client.has_events(3));
    CHECK(server.resumed() == std::vector<bool>{false, true, false});
}

TEST_CASE("a session does not outlive the certificate") {
    context test;
    const certificate identity{"DNS:localhost", 2};
    const temporary_file trusted{identity.pem()};
    tls_server server{test.io, identity, stream};
    observed_source client{test, server.url("localhost"), trusting(trusted)};
    REQUIRE(client.has_events(1));
    REQUIRE(test.run_until(
        [&] { return client.changes.back().message.find("expired") != std::string::npos; }));
    CHECK(server.resumed().at(0) == false);
}

TEST_CASE("a session is resumed through a proxy's tunnel too") {
    context test;
    const certificate identity{"DNS:example.test"};
    const temporary_file trusted{identity.pem()};
    tls_server server{test.io, identity, stream};
    server.as_proxy("HTTP/1.1 200 OK\r\n\r\n");
    event_source_options options = trusting(trusted);
    options.proxy.url = server.proxy_url();
    observed_source client{test, "https://example.test/", options};
    REQUIRE(test.run_until([&] { return client.events.size() >= 2; }));
    CHECK_FALSE(server.resumed()[0]);
    CHECK(server.resumed()[1]);
}
