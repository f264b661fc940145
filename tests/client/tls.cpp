#include "support/certificate.hpp"
#include "support/observed_source.hpp"
#include "support/scripted_server.hpp"
#include "support/temporary.hpp"
#include "support/tls_server.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
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
namespace ssl = asio::ssl;
using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

const std::string stream = stream_head + "data: a\n\n";

event_source_options trusting(const temporary_file& file) {
    event_source_options options;
    options.tls.ca_file = file.path();
    return options;
}

} // namespace

TEST_CASE("a stream comes over TLS from a host that a trusted certificate names") {
    const certificate identity{"DNS:localhost,IP:127.0.0.1"};
    const temporary_file trusted{identity.pem()};
    for (const std::string host : {"localhost", "127.0.0.1"}) {
        CAPTURE(host);
        context test;
        tls_server server{test.io, identity, stream};
        observed_source client{test, server.url(host), trusting(trusted)};
        CHECK(client.has_events(1));
        CHECK(client.changes.at(0).url == server.url(host));
        REQUIRE(client.has_changes(2));
        CHECK(client.changes[1].reason == errc::stream_ended);
        CHECK(server.names() == std::vector<std::string>{host == "localhost" ? host : "none"});
    }
}

TEST_CASE("a certificate that nobody vouches for is refused, with its fault, and tried again") {
    context test;
    const certificate identity{"DNS:localhost"};
    tls_server server{test.io, identity, stream};
    observed_source client{test, server.url("localhost")};
    REQUIRE(client.has_changes(2));
    for (const crier::state_change& change : client.changes) {
        CHECK(change.state == ready_state::connecting);
        CHECK(change.message.starts_with("certificate of localhost: self"));
    }
    CHECK(client.events.empty());
}

TEST_CASE("a certificate for another host, or one that has expired, is refused") {
    const certificate other{"DNS:example.test"};
    const certificate expired{"DNS:localhost", -1};
    for (const auto& [identity, fault] :
        {std::pair{&other, "mismatch"}, std::pair{&expired, "expired"}}) {
        context test;
        const temporary_file trusted{identity->pem()};
        tls_server server{test.io, *identity, stream};
        observed_source client{test, server.url("localhost"), trusting(trusted)};
        REQUIRE(client.has_changes(1));
        CAPTURE(client.changes[0].message);
        CHECK(client.changes[0].message.find(fault) != std::string::npos);
        CHECK(client.events.empty());
    }
}

TEST_CASE("a name that a certificate has only as its common name does not count") {
    context test;
    const certificate identity{"email:a@example.test", 3600, "localhost"};
    const temporary_file trusted{identity.pem()};
    tls_server server{test.io, identity, stream};
    observed_source client{test, server.url("localhost"), trusting(trusted)};
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].message.find("mismatch") != std::string::npos);
}

TEST_CASE("who does not want to verify gets the stream all the same") {
    context test;
    const certificate identity{"DNS:example.test", -1};
    tls_server server{test.io, identity, stream};
    event_source_options options;
    options.tls.verify = false;
    observed_source client{test, server.url("localhost"), options};
    CHECK(client.has_events(1));
}

TEST_CASE("a context can be shared, and is verified like any other") {
    context test;
    const certificate identity{"DNS:localhost"};
    event_source_options options;
    options.tls.context = std::make_shared<ssl::context>(ssl::context::tls_client);
    tls_server server{test.io, identity, stream};
    observed_source refused{test, server.url("localhost"), options};
    REQUIRE(refused.has_changes(1));
    CHECK(refused.changes[0].message.starts_with("certificate of localhost"));
    const std::string pem = identity.pem();
    options.tls.context->add_certificate_authority(asio::buffer(pem));
    observed_source client{test, server.url("localhost"), options};
    CHECK(client.has_events(1));
}

TEST_CASE("a stream that TLS cuts short is connected to again") {
    context test;
    const certificate identity{"DNS:localhost"};
    const temporary_file trusted{identity.pem()};
    tls_server server{test.io, identity, stream, tls_server::ending::cut};
    event_source_options options = observed_source::at_once();
    options.tls.ca_file = trusted.path();
    observed_source client{test, server.url("localhost"), options};
    CHECK(test.run_until([&] { return client.events.size() >= 3; }));
}

TEST_CASE("a server that does not shake hands in time is asked again") {
    context test;
    scripted_server silent{test.io}; // which waits for the end of a request
    observed_source client{test, "https://127.0.0.1:" + std::to_string(silent.port()) + "/"};
    for (int i = 0; i < 50; ++i) {
        test.io.restart();
        test.io.run_one_for(2ms);
    }
    test.advance(9s);
    CHECK(client.changes.empty());
    test.advance(2s);
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].reason == errc::handshake_timeout);
}

TEST_CASE("what speaks no TLS is told") {
    context test;
    scripted_server plain{test.io};
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    tcp::socket accepted{test.io};
    acceptor.async_accept(accepted,
        [&](auto) { asio::write(accepted, asio::buffer("HTTP/1.1 400 Bad Request\r\n\r\n", 28)); });
    observed_source client{
        test, "https://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/"};
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].message.starts_with("TLS with 127.0.0.1: "));
}

TEST_CASE("a redirect leads to TLS, but never away from it") {
    context test;
    const certificate identity{"DNS:localhost"};
    const temporary_file trusted{identity.pem()};
    scripted_server plain{test.io};
    plain.stream("data: never\n\n", then::hold);
    tls_server secure{test.io, identity,
        "HTTP/1.1 302 Found\r\nLocation: " + plain.url() + "\r\nContent-Length: 0\r\n\r\n"};
    scripted_server first{test.io};
    first.answer("HTTP/1.1 302 Found\r\nLocation: " + secure.url("localhost") +
                     "\r\nContent-Length: 0\r\n\r\n",
        then::hold);
    observed_source client{test, first.url(), trusting(trusted)};
    CHECK(client.wait_for_end() == errc::bad_redirect);
    CHECK(secure.names().size() == 1);
    CHECK(plain.requests().empty());
}

TEST_CASE("a file of certificates that cannot be read is refused at once") {
    context test;
    event_source_options options;
    options.tls.ca_file = "/nonexistent";
    CHECK_THROWS_AS((crier::event_source{test.io.get_executor(), "https://localhost/", options}),
        boost::system::system_error);
}
