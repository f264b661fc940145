#pragma once

#include <crier/async/clock.hpp>

#include <openssl/ssl.h>

#include <chrono>
#include <memory>

namespace crier::detail {

/// The TLS session with one server, which spares the next connection to it the certificates. As a
/// resumed session stands on what was verified before, it may be offered only to the same host and
/// port, under the same rules, and only while the server's certificate is valid.
class tls_session {
public:
    /// How long after the certificates were seen: what they rest on changes with time.
    static constexpr clock::duration longest = std::chrono::hours{24};

    /// Offers it, before the handshake.
    void offer(SSL* to) const noexcept;

    /// The handshake is done.
    void begin(SSL* with) noexcept;

    /// The connection is done: keeps the session that the server has left last. TLS 1.3 sends it
    /// after the handshake.
    void keep(SSL* from) noexcept;

    /// A handshake has failed, maybe because of it.
    void forget() noexcept { session_.reset(); }

private:
    struct freer {
        void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
    };

    bool holds_still() const noexcept;

    std::unique_ptr<SSL_SESSION, freer> session_;
    clock::time_point verified_{};
};

} // namespace crier::detail
