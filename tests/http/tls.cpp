#include <crier/http/server.hpp>

#include "support/running_server.hpp"
#include "support/tls_peer.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

using crier::client_certificates;
using crier::exchange;
using crier::server_options;
using crier::tls_server_options;
using crier::test::certificate;
using crier::test::certificate_files;
using crier::test::eventually;
using crier::test::lines;
using crier::test::running_server;
using crier::test::temporary_file;
using crier::test::tls_peer;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;

namespace {

/// A server's options, with a certificate in files.
struct identity {
    const certificate made;
    const certificate_files files{made};

    explicit identity(const char* names = "DNS:localhost", const char* common_name = "first")
        : made{names, 3600, common_name} {}

    tls_server_options tls() const {
        tls_server_options with;
        with.certificates.push_back({files.chain(), files.key()});
        return with;
    }
    server_options options() const {
        server_options with;
        with.tls = tls();
        return with;
    }
};

/// Tells how the connection is encrypted.
asio::awaitable<void> tell(exchange& request) {
    const auto how = request.tls().value();
    std::string text = how.version + ' ' + how.client + "|END";
    co_await request.respond(http::status::ok, std::move(text));
}

std::uint16_t port_of(const running_server& of) { return of.server.local_endpoint().port(); }

std::string told_by(tls_peer& peer) {
    peer.get("/");
    static_cast<void>(peer.read_until("\r\n\r\n"));
    return peer.read_until("|END");
}

/// What a server of these options cannot be made for.
std::string refused(tls_server_options tls) {
    server_options options;
    options.port = 0;
    options.tls = std::move(tls);
    try {
        const crier::server made{options};
    } catch (const std::exception& error) {
        return error.what();
    }
    return "it is made";
}

} // namespace

TEST_CASE("a response and a stream come encrypted, and end by the letter") {
    const identity us;
    running_server running{[&](exchange& request) -> asio::awaitable<void> {
                               if (request.path() == "/stream") {
                                   co_await request.stream(running.events);
                               } else {
                                   co_await request.respond(
                                       http::status::ok, std::string(100'000, 'x') + "|END");
                               }
                           },
        us.options()};
    tls_peer peer{port_of(running)};
    REQUIRE(!peer.shake_hands());
    peer.get("/");
    CHECK(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(peer.read_until("|END").size() == 100'004);
    peer.get("/stream");
    CHECK(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    REQUIRE(eventually([&] { return running.events.stats().subscribers == 1; }));
    CHECK(running.events.publish("/stream", "hello"));
    CHECK(peer.read_until("data: hello\n").ends_with("data: hello\n"));
    running.stop();
    CHECK(peer.read_to_end().ends_with("0\r\n\r\n"));
    CHECK(peer.ended_properly());
}

TEST_CASE("a stream that is left to the server comes encrypted, however slowly it is read") {
    const identity us;
    running_server running{[&](exchange& request) -> asio::awaitable<void> {
                               crier::serve_options options;
                               options.queue =
                                   crier::queue_limits{.events = 10'000, .bytes = 100'000'000};
                               request.detach_stream(running.events, std::move(options));
                               co_return;
                           },
        us.options()};
    tls_peer peer{port_of(running)};
    REQUIRE(!peer.shake_hands());
    peer.get("/t");
    static_cast<void>(peer.read_until("\r\n\r\n"));
    REQUIRE(eventually([&] { return running.events.stats().subscribers == 1; }));
    constexpr std::size_t many = 2'000;
    const auto text_of = [](std::size_t number) {
        constexpr std::size_t large = 20'000; // more than a record
        return std::to_string(number) + std::string(number % 20 == 0 ? large : number % 300, 'x');
    };
    for (std::size_t i = 0; i < many; ++i) {
        REQUIRE(running.events.publish("/t", text_of(i)));
    }
    for (std::size_t i = 0; i < many; ++i) {
        const std::string expected = "data: " + text_of(i) + '\n';
        const std::string came = peer.read_until(expected);
        REQUIRE(came.ends_with(expected));
        REQUIRE(came.size() < expected.size() + 100);
    }
    running.stop();
    CHECK(peer.read_to_end().ends_with("0\r\n\r\n"));
    CHECK(peer.ended_properly());
}

TEST_CASE("a handler is told how its connection is encrypted, and by whom") {
    const identity us;
    const certificate client{"DNS:client", 3600, "sensor 7"};
    const temporary_file authorities{client.pem()};
    server_options options = us.options();
    options.tls->clients = client_certificates::asked;
    options.tls->client_authorities = authorities.path();
    const running_server running{tell, options};
    tls_peer named{port_of(running), {.own = &client}};
    REQUIRE(!named.shake_hands());
    CHECK(told_by(named) == "TLSv1.3 CN=sensor 7|END");
    tls_peer nameless{port_of(running), {.version = TLS1_2_VERSION}};
    REQUIRE(!nameless.shake_hands());
    CHECK(told_by(nameless) == "TLSv1.2 |END");
    const certificate foreign{"DNS:foreign", 3600, "foreign"};
    tls_peer stranger{port_of(running), {.own = &foreign}};
    static_cast<void>(stranger.shake_hands()); // with 1.3 the client is not told yet
    CHECK(stranger.read_to_end().empty());
    CHECK(!stranger.ended_properly());
}

TEST_CASE("who shows no certificate where one is required is not served") {
    const identity us;
    const temporary_file authorities{us.made.pem()};
    server_options options = us.options();
    options.tls->clients = client_certificates::required;
    options.tls->client_authorities = authorities.path();
    lines log;
    options.log = log.logger();
    const running_server running{tell, options};
    tls_peer peer{port_of(running)};
    static_cast<void>(peer.shake_hands());
    CHECK(peer.read_to_end().empty());
    CHECK(eventually([&] { return log.contain("TLS handshakes failed: 1 "); }));
}

TEST_CASE("a client gets the certificate of the host that it names, else the first") {
    const identity first{"DNS:a.example", "first"};
    const identity second{"DNS:b.example,DNS:*.c.example", "second"};
    server_options options = first.options();
    options.tls->certificates.push_back(second.tls().certificates.front());
    const running_server running{tell, options};
    const auto name_for = [&](const char* host) {
        tls_peer peer{port_of(running), {.host = host}};
        REQUIRE(!peer.shake_hands());
        return peer.name();
    };
    CHECK(name_for("a.example") == "first");
    CHECK(name_for("b.example") == "second");
    CHECK(name_for("x.c.example") == "second");
    CHECK(name_for("other.example") == "first");
    CHECK(name_for("") == "first");
}

TEST_CASE("HTTP/1.1 is agreed on, and nothing else") {
    const identity us;
    const running_server running{tell, us.options()};
    tls_peer peer{port_of(running), {.protocols = "\x02h9\x08http/1.1"}};
    REQUIRE(!peer.shake_hands());
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(peer.ssl(), &chosen, &size);
    CHECK(std::string(reinterpret_cast<const char*>(chosen), size) == "http/1.1");
    tls_peer other{port_of(running), {.protocols = "\x02h9"}};
    CHECK(other.shake_hands().failed());
}

TEST_CASE("what is older than TLS 1.2, or no TLS, is not served") {
    const identity us;
    const running_server running{tell, us.options()};
    tls_peer old{port_of(running), {.version = TLS1_1_VERSION}};
    SSL_set_security_level(old.ssl(), 0);
    CHECK(old.shake_hands().failed());
    crier::test::client plain = running.connect();
    plain.get("/");
    CHECK(plain.read_to_end().find("HTTP") == std::string::npos);
}

TEST_CASE("the server chooses the cipher, but ChaCha20 is the client's choice") {
    const identity us;
    running_server running{tell, us.options()};
    const auto chosen = [&](const std::string& offered) {
        tls_peer peer{port_of(running), {.version = TLS1_2_VERSION}};
        SSL_set_cipher_list(peer.ssl(), offered.c_str());
        REQUIRE(!peer.shake_hands());
        return std::string{SSL_get_cipher_name(peer.ssl())};
    };
    const std::string fast = "ECDHE-ECDSA-AES128-GCM-SHA256";
    const std::string chacha = "ECDHE-ECDSA-CHACHA20-POLY1305";
    CHECK(chosen("ECDHE-ECDSA-AES256-GCM-SHA384:" + fast) == fast);
    CHECK(chosen(fast + ":" + chacha) == fast);
    CHECK(chosen(chacha + ":" + fast) == chacha); // it has no AES in its hardware
}

TEST_CASE("a client may not negotiate anew") {
    const identity us;
    const running_server running{tell, us.options()};
    tls_peer peer{port_of(running), {.version = TLS1_2_VERSION}};
    REQUIRE(!peer.shake_hands());
    CHECK((SSL_renegotiate(peer.ssl()) != 1 || peer.shake_hands().failed()));
}

TEST_CASE("files that are of no use are named, with what is wrong") {
    const identity us;
    const identity other;
    const auto with = [&](const std::string& chain, const std::string& key) {
        tls_server_options tls;
        tls.certificates.push_back({chain, key});
        return refused(tls);
    };
    const std::string& chain = us.files.chain();
    const std::string& key = us.files.key();
    CHECK(with(chain, key) == "it is made");
    CHECK(
        with("/nowhere", key) == "cannot read the certificate /nowhere: No such file or directory");
    CHECK(with("/tmp", key) == "cannot read the certificate /tmp: Is a directory");
    CHECK(with(chain, "/nowhere") == "cannot read the key /nowhere: No such file or directory");
    CHECK(with(key, key) == key + " has no certificate in PEM");
    CHECK(with(chain, chain) == chain + " has no key in PEM, or one with a passphrase");
    CHECK(with(chain, other.files.key()) ==
          "the key in " + other.files.key() + " is not that of the certificate in " + chain);
    const certificate_files expired{certificate{"DNS:a", -60}};
    CHECK(with(expired.chain(), expired.key())
            .starts_with("the certificate in " + expired.chain() + " has expired on "));
    const temporary_file damaged{
        us.made.pem() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};
    CHECK(
        with(damaged.path(), key).starts_with("the chain in " + damaged.path() + " is damaged: "));
    CHECK(refused({}) == "tls has no certificate; a server needs one or more");
    tls_server_options asking = us.tls();
    asking.clients = client_certificates::asked;
    CHECK(refused(asking) ==
          "tls: clients are asked for certificates, but there are no client_authorities");
    asking.client_authorities = key;
    CHECK(refused(asking) == key + " has no certificate in PEM");
    tls_server_options shared = us.tls();
    shared.ticket_keys = key;
    CHECK(refused(shared).starts_with("the ticket keys in " + key + " have "));
    tls_server_options none = us.tls();
    none.handshakes = 0;
    CHECK(refused(none) == "tls: handshakes is 0; a server needs one or more");
}

TEST_CASE("files are read again for the next connections, and where they are bad, all stays") {
    const identity old{"DNS:localhost", "old"};
    const identity fresh{"DNS:localhost", "fresh"};
    running_server running{old.options()};
    tls_peer streaming{port_of(running)};
    REQUIRE(!streaming.shake_hands());
    streaming.get("/t");
    static_cast<void>(streaming.read_until("\r\n\r\n"));
    REQUIRE(eventually([&] { return running.events.stats().subscribers == 1; }));
    const auto name_now = [&] {
        tls_peer peer{port_of(running)};
        REQUIRE(!peer.shake_hands());
        return peer.name();
    };
    const auto write = [](const std::string& path, const std::string& text) {
        std::ofstream{path} << text;
    };
    CHECK(name_now() == "old");
    write(old.files.chain(), fresh.made.pem());
    CHECK_THROWS_AS(running.server.reload_tls(), crier::tls_file_error);
    CHECK(name_now() == "old");
    write(old.files.key(), fresh.made.key_pem());
    running.server.reload_tls();
    CHECK(name_now() == "fresh");
    CHECK(running.events.publish("/t", "still there"));
    CHECK(streaming.read_until("still there").ends_with("still there"));
    running_server plain;
    CHECK_THROWS_AS(plain.server.reload_tls(), std::logic_error);
    CHECK_THROWS_AS(plain.server.reload_tls_on_hangup(), std::logic_error);
}

TEST_CASE("a hangup lets the files be read again, and tells how that went") {
    const identity us;
    lines log;
    server_options options = us.options();
    options.log = log.logger();
    running_server running{tell, options};
    running.server.reload_tls_on_hangup();
    REQUIRE(std::raise(SIGHUP) == 0);
    CHECK(eventually([&] { return log.contain("the files of TLS were read again"); }));
    std::ofstream{us.files.key()} << "no key";
    REQUIRE(std::raise(SIGHUP) == 0);
    CHECK(eventually([&] {
        return log.contain("the files of TLS are as they were: " + us.files.key() + " has no key");
    }));
}

TEST_CASE("sessions are resumed, also at another server with the same keys") {
    const identity us;
    const temporary_file keys{std::string(80, 'a') + std::string(80, 'b')};
    const temporary_file renewed{std::string(80, 'c') + std::string(80, 'a')};
    const auto serving = [&](const std::string& ticket_keys) {
        server_options options = us.options();
        options.tls->ticket_keys = ticket_keys;
        return options;
    };
    const auto session_of = [](const running_server& from, SSL_SESSION* resumed, bool& is_resumed) {
        tls_peer peer{port_of(from), {.session = resumed}};
        REQUIRE(!peer.shake_hands());
        is_resumed = SSL_session_reused(peer.ssl()) == 1;
        peer.get("/");
        static_cast<void>(peer.read_until("\r\n\r\n"));
        // Else OpenSSL forgets the session, as the connection has not ended properly.
        SSL_set_shutdown(peer.ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        return SSL_get1_session(peer.ssl());
    };
    const running_server alone{tell, us.options()};
    const running_server one{tell, serving(keys.path())};
    const running_server two{tell, serving(renewed.path())};
    const auto resumes = [&](const running_server& from, const running_server& at) {
        bool is_resumed = false;
        SSL_SESSION* const first = session_of(from, nullptr, is_resumed);
        CHECK(!is_resumed);
        SSL_SESSION* const second = session_of(at, first, is_resumed);
        SSL_SESSION_free(first);
        SSL_SESSION_free(second);
        return is_resumed;
    };
    CHECK(resumes(alone, alone));
    CHECK(resumes(one, two));
    CHECK(!resumes(two, one)); // which has not got the new key
    CHECK(!resumes(alone, one));
}

TEST_CASE("a handshake that takes too long ends, and does not keep others from theirs") {
    const identity us;
    server_options options = us.options();
    options.tls->handshakes = 1;
    options.tls->handshake_timeout = 300ms;
    const running_server running{tell, options};
    crier::test::client silent = running.connect();
    crier::test::client as_silent = running.connect();
    REQUIRE(eventually([&] { return running.server.connections() == 2; }));
    const auto begun = std::chrono::steady_clock::now();
    CHECK(silent.read_to_end().empty());
    CHECK(silent.at_end);
    CHECK(as_silent.read_to_end().empty());
    CHECK(std::chrono::steady_clock::now() - begun >= 200ms);
    tls_peer next{port_of(running)};
    REQUIRE(!next.shake_hands());
    CHECK(eventually([&] { return running.server.connections() == 1; }));
}

TEST_CASE("more handshakes than may be at once wait for their turn") {
    const identity us;
    server_options options = us.options();
    options.tls->handshakes = 1;
    const running_server running{tell, options};
    std::optional<crier::test::client> silent{running.connect()};
    REQUIRE(eventually([&] { return running.server.connections() == 1; }));
    tls_peer waiting{port_of(running)};
    REQUIRE(eventually([&] { return running.server.connections() == 2; }));
    silent.reset();
    CHECK(!waiting.shake_hands());
}
