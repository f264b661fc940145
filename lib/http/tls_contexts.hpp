#pragma once

#include <crier/http/tls.hpp>

#include "tls_handles.hpp"
#include "tls_tickets.hpp"

#include <memory>
#include <vector>

namespace crier::detail {

/// A server's certificates, each with its context, as the files had them. It does not change.
class tls_contexts {
public:
    /// Throws `tls_file_error`, which says what is wrong with which file.
    tls_contexts(
        const tls_server_options& options, bool offers_http2, std::shared_ptr<tls_tickets> tickets);
    tls_contexts(const tls_contexts&) = delete;
    tls_contexts& operator=(const tls_contexts&) = delete;
    ~tls_contexts() = default;

    /// A connection's state, before its handshake; for as long as this is there. Throws
    /// `std::bad_alloc`.
    openssl_ptr<SSL> make() const;

private:
    static int choose(SSL* of, int* alert, void* self) noexcept;

    const std::shared_ptr<tls_tickets> tickets_;
    std::vector<openssl_ptr<SSL_CTX>> all_;
};

} // namespace crier::detail
