#include "tls_session.hpp"

#include <openssl/x509.h>

namespace crier::detail {

void tls_session::offer(SSL* to) const noexcept {
    if (session_ && holds_still()) {
        SSL_set_session(to, session_.get());
    }
}

bool tls_session::holds_still() const noexcept {
    const X509* const certificate = SSL_SESSION_get0_peer(session_.get());
    return certificate != nullptr && clock::now() - verified_ < longest &&
           X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

void tls_session::begin(SSL* with) noexcept {
    if (SSL_session_reused(with) == 0) {
        verified_ = clock::now();
        session_.reset();
    }
}

void tls_session::keep(SSL* from) noexcept {
    // To free a connection that neither side has shut down spoils its session: RFC 5246 has let
    // that go, section 7.2.1. After a fatal alert OpenSSL has spoiled it already.
    SSL_set_shutdown(from, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    std::unique_ptr<SSL_SESSION, freer> last{SSL_get1_session(from)};
    if (last && SSL_SESSION_is_resumable(last.get()) == 1) {
        session_ = std::move(last);
    }
}

} // namespace crier::detail
