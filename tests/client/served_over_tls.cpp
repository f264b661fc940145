#include <crier/http/serve.hpp>

#include "support/certificate.hpp"
#include "support/context.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

using crier::end_reason;
using crier::test::context;
namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace ssl = asio::ssl;
using asio::ip::tcp;

namespace {

/// A stream of a manager over TLS, and its client.
struct tls_stream {
    context test;
    crier::manager events{test.io.get_executor()};
    const crier::test::certificate identity{"DNS:localhost"};
    ssl::context server_tls{ssl::context::tls_server};
    ssl::context client_tls{ssl::context::tls_client};
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    std::optional<end_reason> reason;
    std::unique_ptr<ssl::stream<tcp::socket>> client;
    bool is_open = false;

    tls_stream() {
        SSL_CTX_use_certificate(server_tls.native_handle(), identity.x509());
        SSL_CTX_use_PrivateKey(server_tls.native_handle(), identity.key());
        client = std::make_unique<ssl::stream<tcp::socket>>(test.io, client_tls);
        test.spawn(serve());
        test.spawn(ask());
        REQUIRE(test.run_until([this] { return is_open; }));
    }

    asio::awaitable<void> serve() {
        ssl::stream<tcp::socket> stream{
            co_await acceptor.async_accept(asio::use_awaitable), server_tls};
        co_await stream.async_handshake(ssl::stream_base::server, asio::use_awaitable);
        boost::beast::flat_buffer buffer;
        http::request<http::string_body> request;
        co_await http::async_read(stream, buffer, request, asio::use_awaitable);
        reason = co_await crier::serve(stream, request, events);
    }

    asio::awaitable<void> ask() {
        co_await client->next_layer().async_connect(acceptor.local_endpoint(), asio::use_awaitable);
        co_await client->async_handshake(ssl::stream_base::client, asio::use_awaitable);
        const std::string asked = "GET /t HTTP/1.1\r\nHost: a\r\n\r\n";
        co_await asio::async_write(*client, asio::buffer(asked), asio::use_awaitable);
        std::string head;
        co_await asio::async_read_until(
            *client, asio::dynamic_buffer(head), "\r\n\r\n", asio::use_awaitable);
        is_open = true;
    }
};

} // namespace

TEST_CASE("a client that leaves TLS without a word has left") {
    tls_stream stream;
    stream.client->next_layer().close();
    CHECK(stream.test.run_until([&] { return stream.reason.has_value(); }));
    CHECK(stream.reason == end_reason::client_left);
}

TEST_CASE("a client that leaves TLS as it should has left") {
    tls_stream stream;
    stream.client->async_shutdown([](boost::system::error_code) {});
    CHECK(stream.test.run_until([&] { return stream.reason.has_value(); }));
    CHECK(stream.reason == end_reason::client_left);
    stream.client->next_layer().close();
    stream.test.run(); // the shutdown uses the stream to its end
}
