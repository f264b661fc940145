#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace bench::bare {

struct ssl_freer {
    void operator()(SSL* what) const noexcept { SSL_free(what); }
    void operator()(SSL_CTX* what) const noexcept { SSL_CTX_free(what); }
};
using ssl_ptr = std::unique_ptr<SSL, ssl_freer>;

/// Encrypts connections by TLS 1.3.
class tls {
public:
    /// Files in PEM; `ticket_keys`, if any, has 80 bytes. Errors: throws `std::runtime_error`.
    tls(const std::string& certificate, const std::string& key, const std::string& ticket_keys,
        bool has_http2);

    ssl_ptr accept(int connection) const;

private:
    std::unique_ptr<SSL_CTX, ssl_freer> context_;
};

/// A connection's socket, and its TLS if it has one.
class channel {
public:
    channel() = default;
    channel(int connection, ssl_ptr encrypted) noexcept
        : file_{connection}, tls_{std::move(encrypted)} {}
    channel(channel&& other) noexcept
        : file_{std::exchange(other.file_, -1)}, tls_{std::move(other.tls_)} {}
    channel& operator=(channel&& other) noexcept {
        std::swap(file_, other.file_);
        std::swap(tls_, other.tls_);
        return *this;
    }
    ~channel() {
        if (file_ >= 0) {
            ::close(file_);
        }
    }

    int file() const noexcept { return file_; }
    explicit operator bool() const noexcept { return file_ >= 0; }

    /// Like `recv` and `send`. TLS may take nothing, and then wants the same text again: 0.
    ssize_t receive(char* into, std::size_t most) noexcept;
    ssize_t send(std::string_view text) noexcept;

private:
    int file_ = -1;
    ssl_ptr tls_;
};

} // namespace bench::bare
