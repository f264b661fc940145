#pragma once

#include "certificate.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace crier::test {

/// Sends one event and drops the connection; who comes back after that event gets the other one,
/// and then nothing. "/moved" leads to "/" over two redirects, "/busy" is an error to who brings
/// back no cookie. It is its own proxy, too. On a thread of its own, where nothing fails.
class resuming_server {
public:
    // Longer than what a string holds by itself.
    inline static const std::string first_id = "a-rather-long-event-id-0000000001";
    inline static const std::string second_id = "a-rather-long-event-id-0000000002";

    /// With the certificate's TLS, if there is one.
    explicit resuming_server(const certificate* identity = nullptr)
        : is_secure_{identity != nullptr} {
        if (is_secure_) {
            SSL_CTX_use_certificate(tls_.native_handle(), identity->x509());
            SSL_CTX_use_PrivateKey(tls_.native_handle(), identity->key());
        }
        boost::asio::co_spawn(io_, accept(acceptor_), boost::asio::detached);
        thread_ = std::thread{[this] { io_.run(); }};
    }
    resuming_server(const resuming_server&) = delete;
    resuming_server& operator=(const resuming_server&) = delete;
    ~resuming_server() {
        io_.stop();
        thread_.join();
    }

    /// Listens at a path too, without TLS.
    void listen_at(const std::string& path) {
        local_.emplace(io_, boost::asio::local::stream_protocol::endpoint{path});
        boost::asio::co_spawn(io_, accept(*local_), boost::asio::detached);
    }

    std::string proxy() const {
        return "http://user:password@127.0.0.1:" +
               std::to_string(acceptor_.local_endpoint().port());
    }

    std::string url(const std::string& host = "127.0.0.1", const std::string& target = "/") const {
        return (is_secure_ ? "https://" : "http://") + host + ':' +
               std::to_string(acceptor_.local_endpoint().port()) + target;
    }

private:
    using tcp = boost::asio::ip::tcp;

    template <class Acceptor>
    boost::asio::awaitable<void> accept(Acceptor& from) {
        while (true) {
            auto socket = co_await from.async_accept(boost::asio::use_awaitable);
            boost::asio::co_spawn(io_, begin(std::move(socket)), boost::asio::detached);
        }
    }

    static boost::asio::awaitable<void> begin(boost::asio::local::stream_protocol::socket socket) {
        co_await serve(socket);
    }

    boost::asio::awaitable<void> begin(tcp::socket socket) {
        if (!is_secure_) {
            co_await serve(socket);
            co_return;
        }
        char first = 0;
        co_await socket.async_receive(
            boost::asio::buffer(&first, 1), tcp::socket::message_peek, boost::asio::use_awaitable);
        if (first == 'C') {
            co_await let_through(socket);
        }
        boost::asio::ssl::stream<tcp::socket> stream{std::move(socket), tls_};
        co_await stream.async_handshake(
            boost::asio::ssl::stream_base::server, boost::asio::use_awaitable);
        co_await serve(stream);
    }

    static boost::asio::awaitable<void> let_through(tcp::socket& client) {
        std::string request;
        co_await boost::asio::async_read_until(
            client, boost::asio::dynamic_buffer(request), "\r\n\r\n", boost::asio::use_awaitable);
        const std::string response = "HTTP/1.1 200 OK\r\n\r\n";
        co_await boost::asio::async_write(
            client, boost::asio::buffer(response), boost::asio::use_awaitable);
    }

    template <class Stream>
    static boost::asio::awaitable<void> serve(Stream& stream) {
        std::string request;
        co_await boost::asio::async_read_until(
            stream, boost::asio::dynamic_buffer(request), "\r\n\r\n", boost::asio::use_awaitable);
        const std::string response = response_to(request);
        co_await boost::asio::async_write(
            stream, boost::asio::buffer(response), boost::asio::use_awaitable);
        if (response.ends_with("data: b\n\n") || response.ends_with(head)) {
            char rest = 0;
            co_await stream.async_read_some(
                boost::asio::buffer(&rest, 1), boost::asio::use_awaitable);
        }
    }

    static std::string response_to(const std::string& request) {
        if (request.starts_with("GET /moved ")) {
            return "HTTP/1.1 301 Moved\r\nLocation: /moved-again\r\nContent-Length: 0\r\n\r\n";
        }
        if (request.starts_with("GET /moved-again ")) {
            return "HTTP/1.1 307 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
        }
        if (request.starts_with("GET /busy ") &&
            request.find("Cookie: node=a-rather-long-cookie-1") == request.npos) {
            return "HTTP/1.1 503 Busy\r\nSet-Cookie: node=a-rather-long-cookie-1\r\n\r\n" +
                   std::string(300, 'x');
        }
        if (request.find("Last-Event-ID") == request.npos) {
            return head + "id: " + first_id + "\ndata: a\n\n";
        }
        return request.find(first_id) == request.npos ? head
                                                      : head + "id: " + second_id + "\ndata: b\n\n";
    }

    inline static const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

    bool is_secure_;
    boost::asio::io_context io_{1};
    boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
    tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
    std::optional<boost::asio::local::stream_protocol::acceptor> local_;
    std::thread thread_;
};

} // namespace crier::test
