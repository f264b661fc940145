#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace bench::load {

struct ssl_freer {
    void operator()(SSL* what) const noexcept { SSL_free(what); }
    void operator()(SSL_CTX* what) const noexcept { SSL_CTX_free(what); }
};
using ssl_ptr = std::unique_ptr<SSL, ssl_freer>;

/// Speaks TLS 1.3 with AES-128-GCM, which all servers can, so that all encrypt alike. Keeps the
/// sessions that servers offer to resume.
class tls_client {
public:
    /// Errors: throws `std::runtime_error`.
    explicit tls_client(bool wants_http2);
    tls_client(const tls_client&) = delete;
    tls_client& operator=(const tls_client&) = delete;

    /// Of a socket that is connected. Connection i resumes session i of those that were read.
    ssl_ptr connect(int socket, std::size_t connection);

    /// Sessions in a file, for another process. Errors: throws `std::runtime_error`.
    void read_sessions(const std::string& file);
    void write_sessions(const std::string& file) const;

private:
    static int keep(SSL* of, SSL_SESSION* session) noexcept;

    std::unique_ptr<SSL_CTX, ssl_freer> context_;
    /// As OpenSSL encodes them.
    std::vector<std::string> read_;
    std::vector<std::string> kept_;
};

/// Of the calls before, on this thread.
void forget_tls_errors() noexcept;

} // namespace bench::load
