#include "tls_files.hpp"

#include "tls_error.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <new>
#include <system_error>

namespace crier::detail {
namespace {

[[noreturn]] void fail(const std::string& why) {
    ERR_clear_error();
    throw tls_file_error{why};
}

openssl_ptr<BIO> reading(const std::string& text) {
    openssl_ptr<BIO> made{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
    if (!made) {
        throw std::bad_alloc{};
    }
    return made;
}

/// In place of OpenSSL's, which asks on the terminal.
int no_passphrase(char* /*to*/, int /*size*/, int /*writes*/, void* /*user*/) noexcept { return 0; }

openssl_ptr<X509> next_certificate(BIO& from) {
    return openssl_ptr<X509>{PEM_read_bio_X509_AUX(&from, nullptr, no_passphrase, nullptr)};
}

std::string shown(const ASN1_TIME& time) {
    return printed([&time](BIO* to) { ASN1_TIME_print(to, &time); });
}

void check_time(const X509& of, const std::string& path) {
    const ASN1_TIME& first = *X509_get0_notBefore(&of);
    const ASN1_TIME& last = *X509_get0_notAfter(&of);
    if (X509_cmp_current_time(&last) < 0) {
        fail("the certificate in " + path + " has expired on " + shown(last));
    }
    if (X509_cmp_current_time(&first) > 0) {
        fail("the certificate in " + path + " is valid from " + shown(first) + " on only");
    }
}

void use_chain(SSL_CTX& in, const std::string& path) {
    const std::string text = read_file(path, "certificate");
    const openssl_ptr<BIO> from = reading(text);
    const openssl_ptr<X509> own = next_certificate(*from);
    if (!own) {
        fail(path + " has no certificate in PEM");
    }
    check_time(*own, path);
    if (SSL_CTX_use_certificate(&in, own.get()) != 1) {
        fail("cannot use the certificate in " + path + ": " + take_openssl_words());
    }
    while (const openssl_ptr<X509> next = next_certificate(*from)) {
        if (SSL_CTX_add1_chain_cert(&in, next.get()) != 1) {
            fail("cannot use the chain in " + path + ": " + take_openssl_words());
        }
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        fail("the chain in " + path + " is damaged: " + take_openssl_words());
    }
    ERR_clear_error();
}

} // namespace

std::string read_file(const std::string& path, const char* what) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> from{
        std::fopen(path.c_str(), "rbe"), std::fclose};
    std::string text;
    std::array<char, 4096> part{};
    std::size_t size = part.size();
    while (from && size == part.size()) {
        size = std::fread(part.data(), 1, part.size(), from.get());
        text.append(part.data(), size);
    }
    if (!from || std::ferror(from.get()) != 0) {
        const std::string why = std::generic_category().message(errno);
        fail(std::string{"cannot read the "} + what + ' ' + path + ": " + why);
    }
    return text;
}

void use_certificate(SSL_CTX& in, const tls_certificate& files) {
    use_chain(in, files.chain);
    const std::string text = read_file(files.key, "key");
    const openssl_ptr<EVP_PKEY> key{
        PEM_read_bio_PrivateKey(reading(text).get(), nullptr, no_passphrase, nullptr)};
    if (!key) {
        fail(files.key + " has no key in PEM, or one with a passphrase");
    }
    if (SSL_CTX_use_PrivateKey(&in, key.get()) != 1) {
        fail("the key in " + files.key + " is not that of the certificate in " + files.chain);
    }
}

void use_client_authorities(SSL_CTX& in, const std::string& path) {
    const std::string text = read_file(path, "authorities");
    const openssl_ptr<BIO> from = reading(text);
    int count = 0;
    while (const openssl_ptr<X509> next = next_certificate(*from)) {
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(&in), next.get()) != 1 ||
            SSL_CTX_add_client_CA(&in, next.get()) != 1) {
            fail("cannot use the authorities in " + path + ": " + take_openssl_words());
        }
        ++count;
    }
    ERR_clear_error();
    if (count == 0) {
        fail(path + " has no certificate in PEM");
    }
}

} // namespace crier::detail
