#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstddef>
#include <memory>
#include <new>
#include <string>

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

/// What is printed to a BIO. Throws `std::bad_alloc`.
template <class Print>
std::string printed(Print print) {
    const openssl_ptr<BIO> to{BIO_new(BIO_s_mem())};
    if (!to) {
        throw std::bad_alloc{};
    }
    print(to.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(to.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

} // namespace crier::detail
