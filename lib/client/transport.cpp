#include "transport.hpp"

#include "ending.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

std::shared_ptr<ssl::context> make_tls_context(const tls_options& options) {
    if (options.context) {
        return options.context;
    }
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    context->set_options(
        ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
    if (options.ca_file.empty()) {
        context->set_default_verify_paths();
    } else {
        context->load_verify_file(options.ca_file);
    }
    return context;
}

namespace {

/// Tells the other side who is meant, and what its certificate must name. False where it cannot.
bool name_peer(SSL* tls, std::string host) {
    error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    if (!not_an_address) {
        // Without a name in the greeting: RFC 6066, section 3, allows no addresses there.
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1;
    }
    if (host.ends_with('.')) {
        host.pop_back(); // neither the greeting nor a certificate has the root's dot
    }
    SSL_set_hostflags(
        tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return SSL_set_tlsext_host_name(tls, host.c_str()) == 1 && !host.empty() &&
           SSL_set1_host(tls, host.c_str()) == 1;
}

/// A peer that has gone without a word is noticed after a minute or two of silence.
void keep_alive(tcp::socket& socket) {
    error_code ignored;
    socket.set_option(tcp::socket::keep_alive{true}, ignored);
    const int seconds_idle = 45;
    ::setsockopt(
        socket.native_handle(), IPPROTO_TCP, TCP_KEEPIDLE, &seconds_idle, sizeof seconds_idle);
}

} // namespace

transport::transport(tcp::socket socket) : socket_{std::move(socket)} {
    error_code ignored;
    socket_.set_option(tcp::no_delay{true}, ignored);
    keep_alive(socket_);
}

void transport::cancel() {
    error_code ignored;
    socket_.close(ignored);
}

flow<void> transport::handshake(ssl::context& context, const std::string& host, bool verify) {
    tls_.emplace(socket_, context);
    if (!name_peer(tls_->native_handle(), host)) {
        throw failure{{asio::error::invalid_argument, "TLS with " + host + ": no valid host name"}};
    }
    tls_->set_verify_mode(verify ? ssl::verify_peer : ssl::verify_none);
    error_code error;
    co_await tls_->async_handshake(ssl::stream_base::client, asio::redirect_error(use_flow, error));
    if (error) {
        const long fault = verify ? SSL_get_verify_result(tls_->native_handle()) : X509_V_OK;
        if (fault != X509_V_OK) {
            throw failure{
                {error, "certificate of " + host + ": " + X509_verify_cert_error_string(fault)}};
        }
        throw failure{{error, "TLS with " + host + ": " + error.message()}};
    }
}

flow<void> transport::write(std::string_view bytes) {
    if (tls_) {
        co_await asio::async_write(*tls_, asio::buffer(bytes), use_flow);
    } else {
        co_await asio::async_write(socket_, asio::buffer(bytes), use_flow);
    }
}

flow<std::size_t> transport::read_some(asio::mutable_buffer to) {
    error_code error;
    std::size_t size = 0;
    if (tls_) {
        size = co_await tls_->async_read_some(to, asio::redirect_error(use_flow, error));
    } else {
        size = co_await socket_.async_read_some(to, asio::redirect_error(use_flow, error));
    }
    if (error) {
        throw boost::system::system_error{
            error == ssl::error::stream_truncated ? asio::error::eof : error};
    }
    co_return size;
}

} // namespace crier::detail
