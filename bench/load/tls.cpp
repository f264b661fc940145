#include "load/tls.hpp"

#include <openssl/err.h>

#include <csignal>
#include <cstdint>
#include <fstream>
#include <new>
#include <stdexcept>
#include <string_view>

namespace bench::load {
namespace {

tls_client& client_of(const SSL* of) noexcept {
    return *static_cast<tls_client*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(of)));
}

} // namespace

tls_client::tls_client(bool wants_http2) : context_{SSL_CTX_new(TLS_client_method())} {
    if (!context_) {
        throw std::bad_alloc{};
    }
    SSL_CTX* const context = context_.get();
    const std::string_view protocol = wants_http2 ? "\x02h2" : "\x08http/1.1";
    const bool is_ready =
        SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") == 1 &&
        SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocol.data()),
            static_cast<unsigned>(protocol.size())) == 0;
    if (!is_ready) {
        throw std::runtime_error{"OpenSSL does not speak TLS 1.3 with AES-128-GCM"};
    }
    // One call gets what has come, and an idle connection keeps no room for it.
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(
        context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context, &tls_client::keep);
    SSL_CTX_set_app_data(context, this);
    // OpenSSL writes to sockets whose peer has gone.
    std::signal(SIGPIPE, SIG_IGN);
}

ssl_ptr tls_client::connect(int socket, std::size_t connection) {
    ssl_ptr made{SSL_new(context_.get())};
    if (!made || SSL_set_fd(made.get(), socket) != 1) {
        throw std::bad_alloc{};
    }
    if (!read_.empty()) {
        const std::string& encoded = read_[connection % read_.size()];
        const auto* at = reinterpret_cast<const unsigned char*>(encoded.data());
        SSL_SESSION* const session =
            d2i_SSL_SESSION(nullptr, &at, static_cast<long>(encoded.size()));
        SSL_set_session(made.get(), session);
        SSL_SESSION_free(session);
    }
    return made;
}

void tls_client::read_sessions(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    std::uint32_t size = 0;
    while (in.read(reinterpret_cast<char*>(&size), sizeof size)) {
        std::string& next = read_.emplace_back(size, '\0');
        in.read(next.data(), size);
    }
    if (read_.empty()) {
        throw std::runtime_error{"no sessions in " + file};
    }
}

void tls_client::write_sessions(const std::string& file) const {
    std::ofstream out{file, std::ios::binary};
    for (const std::string& each : kept_) {
        const auto size = static_cast<std::uint32_t>(each.size());
        out.write(reinterpret_cast<const char*>(&size), sizeof size);
        out << each;
    }
    if (!out.flush()) {
        throw std::runtime_error{"cannot write " + file};
    }
}

/// Of a connection the first one: servers send several.
int tls_client::keep(SSL* of, SSL_SESSION* session) noexcept {
    if (SSL_get_app_data(of) == nullptr) {
        SSL_set_app_data(of, of);
        const int size = i2d_SSL_SESSION(session, nullptr);
        std::string& encoded =
            client_of(of).kept_.emplace_back(static_cast<std::size_t>(size), '\0');
        auto* at = reinterpret_cast<unsigned char*>(encoded.data());
        i2d_SSL_SESSION(session, &at);
    }
    return 0;
}

void forget_tls_errors() noexcept { ERR_clear_error(); }

} // namespace bench::load
