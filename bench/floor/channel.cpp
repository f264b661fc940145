#include "floor/channel.hpp"

#include <openssl/err.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <new>
#include <stdexcept>

namespace bench::bare {
namespace {

int choose_protocol(SSL* /*of*/, const unsigned char** chosen, unsigned char* size,
    const unsigned char* offered, unsigned int offered_size, void* with_http2) noexcept {
    const std::string_view ours = with_http2 != nullptr ? "\x02h2" : "\x08http/1.1";
    unsigned char* found = nullptr;
    const int result =
        SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(ours.data()),
            static_cast<unsigned>(ours.size()), offered, offered_size);
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// As of calls on sockets.
ssize_t failed(SSL* on, int result) noexcept {
    const int error = SSL_get_error(on, result);
    const bool waits = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    errno = waits ? EAGAIN : ECONNRESET;
    ERR_clear_error();
    return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

} // namespace

tls::tls(const std::string& certificate, const std::string& key, const std::string& ticket_keys,
    bool has_http2)
    : context_{SSL_CTX_new(TLS_server_method())} {
    if (!context_) {
        throw std::bad_alloc{};
    }
    SSL_CTX* const context = context_.get();
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
        throw std::runtime_error{"cannot use " + certificate + " with " + key};
    }
    if (!ticket_keys.empty()) {
        std::array<char, 80> keys{};
        std::ifstream in{ticket_keys, std::ios::binary};
        if (!in.read(keys.data(), keys.size()) ||
            SSL_CTX_set_tlsext_ticket_keys(context, keys.data(), keys.size()) != 1) {
            throw std::runtime_error{"no keys for tickets in " + ticket_keys};
        }
    }
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, has_http2 ? context : nullptr);
    // OpenSSL writes to sockets whose peer has gone.
    std::signal(SIGPIPE, SIG_IGN);
}

ssl_ptr tls::accept(int connection) const {
    ssl_ptr made{SSL_new(context_.get())};
    if (!made || SSL_set_fd(made.get(), connection) != 1) {
        throw std::bad_alloc{};
    }
    SSL_set_accept_state(made.get());
    return made;
}

/// With TLS, the first calls shake hands.
ssize_t channel::receive(char* into, std::size_t most) noexcept {
    if (!tls_) {
        return ::recv(file_, into, most, 0);
    }
    std::size_t size = 0;
    const int result = SSL_read_ex(tls_.get(), into, most, &size);
    return result == 1 ? static_cast<ssize_t>(size) : failed(tls_.get(), result);
}

ssize_t channel::send(std::string_view text) noexcept {
    if (!tls_) {
        return ::send(file_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    std::size_t size = 0;
    const int result = SSL_write_ex(tls_.get(), text.data(), text.size(), &size);
    if (result == 1) {
        return static_cast<ssize_t>(size);
    }
    return failed(tls_.get(), result) < 0 && errno == EAGAIN ? 0 : -1;
}

} // namespace bench::bare
