#pragma once

#include "certificate.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace crier::test {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;

/// Answers each connection with a response over TLS and ends it, by the letter or by cutting it.
/// It may be a proxy too, which says what it is told to before it is the server itself.
class tls_server {
public:
    enum class ending { close_notify, cut, hold };

    tls_server(asio::io_context& io, const certificate& identity, std::string response,
        ending how = ending::close_notify)
        : state_{std::make_shared<state>(io, std::move(response), how)} {
        SSL_CTX_use_certificate(state_->tls.native_handle(), identity.x509());
        SSL_CTX_use_PrivateKey(state_->tls.native_handle(), identity.key());
        asio::co_spawn(io, run(state_), asio::detached);
    }
    tls_server(const tls_server&) = delete;
    tls_server& operator=(const tls_server&) = delete;
    ~tls_server() {
        state_->acceptor.close();
        for (auto& each : state_->streams) {
            each->lowest_layer().close();
        }
    }

    std::string url(const std::string& host) const {
        return "https://" + host + ":" + std::to_string(state_->acceptor.local_endpoint().port()) +
               "/";
    }

    SSL_CTX* context() { return state_->tls.native_handle(); }

    /// Answers CONNECT so.
    void as_proxy(std::string answer) { state_->proxy_answer = std::move(answer); }
    std::string proxy_url(const std::string& credentials = "") const {
        return "http://" + credentials +
               "127.0.0.1:" + std::to_string(state_->acceptor.local_endpoint().port());
    }

    /// The names that clients have asked for, one for each handshake.
    const std::vector<std::string>& names() const { return state_->names; }
    /// Whether the handshakes have resumed a session.
    const std::vector<bool>& resumed() const { return state_->resumed; }
    /// What it was asked as a proxy, and as the server.
    const std::vector<std::string>& requests() const { return state_->requests; }

private:
    using stream = ssl::stream<tcp::socket>;

    struct state {
        state(asio::io_context& io, std::string answer, ending by)
            : acceptor{io, {asio::ip::address_v4::loopback(), 0}},
              response{std::move(answer)},
              how{by} {}

        tcp::acceptor acceptor;
        ssl::context tls{ssl::context::tls_server};
        std::string response;
        ending how;
        std::vector<std::shared_ptr<stream>> streams;
        std::string proxy_answer;
        std::vector<std::string> names;
        std::vector<bool> resumed;
        std::vector<std::string> requests;
    };

    static asio::awaitable<void> run(std::shared_ptr<state> self) {
        try {
            while (true) {
                tcp::socket socket = co_await self->acceptor.async_accept(asio::use_awaitable);
                self->streams.push_back(std::make_shared<stream>(std::move(socket), self->tls));
                asio::co_spawn(self->acceptor.get_executor(), serve(self, self->streams.back()),
                    asio::detached);
            }
        } catch (const boost::system::system_error&) {
            // The server has gone.
        }
    }

    static asio::awaitable<void> serve(std::shared_ptr<state> self, std::shared_ptr<stream> on) {
        try {
            if (!self->proxy_answer.empty()) {
                co_await read_request(self, on->next_layer());
                co_await asio::async_write(
                    on->next_layer(), asio::buffer(self->proxy_answer), asio::use_awaitable);
            }
            co_await on->async_handshake(ssl::stream_base::server, asio::use_awaitable);
            self->resumed.push_back(SSL_session_reused(on->native_handle()) == 1);
            const char* name = SSL_get_servername(on->native_handle(), TLSEXT_NAMETYPE_host_name);
            self->names.emplace_back(name == nullptr ? "none" : name);
            co_await read_request(self, *on);
            co_await asio::async_write(*on, asio::buffer(self->response), asio::use_awaitable);
            if (self->how == ending::close_notify) {
                co_await on->async_shutdown(asio::use_awaitable);
            }
            if (self->how != ending::hold) {
                on->lowest_layer().close();
            }
        } catch (const boost::system::system_error&) {
            // The client has gone.
        }
    }

    template <class Stream>
    static asio::awaitable<void> read_request(std::shared_ptr<state> self, Stream& from) {
        std::string request;
        co_await asio::async_read_until(
            from, asio::dynamic_buffer(request), "\r\n\r\n", asio::use_awaitable);
        self->requests.push_back(std::move(request));
    }

    std::shared_ptr<state> state_;
};

} // namespace crier::test
