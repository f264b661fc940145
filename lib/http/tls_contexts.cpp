#include "tls_contexts.hpp"

#include "tls_error.hpp"
#include "tls_files.hpp"

#include <openssl/x509v3.h>

#include <chrono>
#include <new>
#include <string_view>
#include <utility>

namespace crier::detail {
namespace {

/// Mozilla's intermediate level, of TLS 1.2; those of 1.3 are OpenSSL's own.
constexpr const char* ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* groups = "X25519:P-256:P-384";

/// Of the protocols that we speak, the first that the client does, where it says so.
/// Source: RFC 7301, section 3.2.
int choose_protocol(SSL* /*of*/, const unsigned char** chosen, unsigned char* size,
    const unsigned char* offered, unsigned int offered_size, void* with_http2) noexcept {
    const std::string_view ours = with_http2 != nullptr ? "\x02h2\x08http/1.1" : "\x08http/1.1";
    unsigned char* found = nullptr;
    const int result =
        SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(ours.data()),
            static_cast<unsigned>(ours.size()), offered, offered_size);
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int verification(client_certificates wanted) noexcept {
    switch (wanted) {
    case client_certificates::none: return SSL_VERIFY_NONE;
    case client_certificates::asked: return SSL_VERIFY_PEER;
    case client_certificates::required: break;
    }
    return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

openssl_ptr<SSL_CTX> make_context(const tls_server_options& options, bool offers_http2,
    const tls_certificate& certificate, tls_tickets& tickets) {
    openssl_ptr<SSL_CTX> made{SSL_CTX_new(TLS_server_method())};
    if (!made) {
        throw std::bad_alloc{};
    }
    SSL_CTX& context = *made;
    SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(&context, ciphers);
    SSL_CTX_set1_groups_list(&context, groups);
    SSL_CTX_set_options(
        &context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // In our order, but that who would rather have ChaCha20, as without AES in hardware, gets it.
    SSL_CTX_set_options(&context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // Of an idle connection nothing is kept that its next record brings again.
    SSL_CTX_set_mode(&context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(&context, 0);
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
    constexpr std::chrono::seconds day = std::chrono::hours{24};
    SSL_CTX_set_timeout(&context, day.count());
    constexpr std::string_view ours = "crier";
    SSL_CTX_set_session_id_context(
        &context, reinterpret_cast<const unsigned char*>(ours.data()), ours.size());
    // What it points to is of no matter, whether it points to something is.
    SSL_CTX_set_alpn_select_cb(&context, choose_protocol, offers_http2 ? &context : nullptr);
    use_certificate(context, certificate);
    SSL_CTX_set_verify(&context, verification(options.clients), nullptr);
    if (options.clients != client_certificates::none) {
        use_client_authorities(context, options.client_authorities);
    }
    tickets.use_in(context);
    return made;
}

} // namespace

tls_contexts::tls_contexts(
    const tls_server_options& options, bool offers_http2, std::shared_ptr<tls_tickets> tickets)
    : tickets_{std::move(tickets)} {
    for (const tls_certificate& each : options.certificates) {
        all_.push_back(make_context(options, offers_http2, each, *tickets_));
    }
    SSL_CTX& first = *all_.front();
    SSL_CTX_set_tlsext_servername_callback(&first, &tls_contexts::choose);
    SSL_CTX_set_tlsext_servername_arg(&first, this);
}

openssl_ptr<SSL> tls_contexts::make() const {
    openssl_ptr<SSL> made{SSL_new(all_.front().get())};
    if (!made) {
        throw std::bad_alloc{};
    }
    return made;
}

/// The certificate of the host that the client names.
int tls_contexts::choose(SSL* of, int* /*alert*/, void* self) noexcept {
    const char* const host = SSL_get_servername(of, TLSEXT_NAMETYPE_host_name);
    if (host == nullptr) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    for (const auto& each : static_cast<const tls_contexts*>(self)->all_) {
        X509* const shown = SSL_CTX_get0_certificate(each.get());
        if (X509_check_host(shown, host, 0, 0, nullptr) == 1) {
            SSL_set_SSL_CTX(of, each.get());
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_NOACK;
}

} // namespace crier::detail
