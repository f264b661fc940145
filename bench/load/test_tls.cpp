#include "load/test_tls.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <new>

namespace bench::load {
namespace {

constexpr long seconds_valid = 3600;

void use_new_certificate(SSL_CTX* in) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{
        EVP_EC_gen("P-256"), EVP_PKEY_free};
    const std::unique_ptr<X509, decltype(&X509_free)> made{X509_new(), X509_free};
    if (!key || !made) {
        throw std::bad_alloc{};
    }
    X509_set_version(made.get(), X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), seconds_valid);
    X509_set_pubkey(made.get(), key.get());
    X509_sign(made.get(), key.get(), EVP_sha256());
    SSL_CTX_use_certificate(in, made.get());
    SSL_CTX_use_PrivateKey(in, key.get());
}

} // namespace

test_tls::test_tls() : context_{SSL_CTX_new(TLS_server_method())} {
    if (!context_) {
        throw std::bad_alloc{};
    }
    use_new_certificate(context_.get());
}

void test_tls::serve(
    const test_server::connection& to, std::string_view head, std::string_view body) const {
    const ssl_ptr on{SSL_new(context_.get())};
    SSL_set_fd(on.get(), to.socket.get());
    std::array<char, 1024> request{};
    std::size_t size = 0;
    if (SSL_accept(on.get()) == 1 &&
        SSL_read_ex(on.get(), request.data(), request.size(), &size) == 1) {
        SSL_write_ex(on.get(), head.data(), head.size(), &size);
        SSL_write_ex(on.get(), body.data(), body.size(), &size);
        SSL_shutdown(on.get());
    }
    to.wait_for_end();
}

} // namespace bench::load
