#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace crier::detail {

/// Frees what is OpenSSL's.
struct openssl_freer {
    void operator()(BIO* what) const noexcept { BIO_free_all(what); }
    void operator()(EVP_PKEY* what) const noexcept { EVP_PKEY_free(what); }
    void operator()(SSL* what) const noexcept { SSL_free(what); }
    void operator()(SSL_CTX* what) const noexcept { SSL_CTX_free(what); }
    void operator()(X509* what) const noexcept { X509_free(what); }
};

template <class T>
using openssl_ptr = std::unique_ptr<T, openssl_freer>;

} // namespace crier::detail
