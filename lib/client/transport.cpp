#include "transport.hpp"

#include "ending.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
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

std::string fault_of(SSL* tls, const error_code& error, const http_url& server, bool verifies) {
    const long fault = verifies ? SSL_get_verify_result(tls) : X509_V_OK;
    return fault == X509_V_OK
             ? "TLS with " + server.host + ": " + error.message()
             : "certificate of " + server.host + ": " + X509_verify_cert_error_string(fault);
}

/// A peer that has gone without a word is noticed after a minute or two of silence.
void keep_alive(stream_socket& socket) {
    error_code ignored;
    socket.set_option(tcp::socket::keep_alive{true}, ignored);
    const int seconds_idle = 45;
    ::setsockopt(
        socket.native_handle(), IPPROTO_TCP, TCP_KEEPIDLE, &seconds_idle, sizeof seconds_idle);
}

} // namespace

transport::transport(stream_socket socket) : socket_{std::move(socket)} {
    error_code ignored;
    socket_.set_option(tcp::no_delay{true}, ignored);
    keep_alive(socket_);
}

transport::~transport() {
    if (session_) {
        session_->keep(tls_->native_handle());
    }
}

void transport::cancel() {
    error_code ignored;
    socket_.close(ignored);
}

flow<void> transport::handshake(tls_client& as, const http_url& with) {
    const std::shared_ptr<tls_session> session = as.session_with(with);
    tls_.emplace(socket_, as.context());
    SSL* const tls = tls_->native_handle();
    if (!name_peer(tls, with.host)) {
        throw failure{
            {asio::error::invalid_argument, "TLS with " + with.host + ": no valid host name"}};
    }
    tls_->set_verify_mode(as.verifies() ? ssl::verify_peer : ssl::verify_none);
    session->offer(tls);
    error_code error;
    co_await tls_->async_handshake(ssl::stream_base::client, asio::redirect_error(use_flow, error));
    if (error) {
        session->forget();
        throw failure{{error, fault_of(tls, error, with, as.verifies())}};
    }
    session->begin(tls);
    // A session would go on with the result. What a callback of the program has let pass all the
    // same, it is asked about each time.
    if (!as.verifies() || SSL_get_verify_result(tls) == X509_V_OK) {
        session_ = session;
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
