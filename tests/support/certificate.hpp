#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace crier::test {

/// A key and a certificate that it has signed itself, made for the test.
class certificate {
public:
    /// The names are what a subjectAltName extension holds, such as "DNS:localhost".
    explicit certificate(const char* names, long valid_until_seconds_from_now = 3600,
        const char* common_name = "test")
        : key_{EVP_EC_gen("P-256"), EVP_PKEY_free}, x509_{X509_new(), X509_free} {
        X509_set_version(x509_.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(x509_.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(x509_.get()), -7200);
        X509_gmtime_adj(X509_getm_notAfter(x509_.get()), valid_until_seconds_from_now);
        X509_set_pubkey(x509_.get(), key_.get());
        X509_NAME* name = X509_get_subject_name(x509_.get());
        const auto* common = reinterpret_cast<const unsigned char*>(common_name);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0);
        X509_set_issuer_name(x509_.get(), name);
        add(NID_subject_alt_name, names);
        add(NID_basic_constraints, "critical,CA:TRUE");
        if (X509_sign(x509_.get(), key_.get(), EVP_sha256()) == 0) {
            throw std::runtime_error{"no certificate could be made"};
        }
    }

    EVP_PKEY* key() const noexcept { return key_.get(); }
    X509* x509() const noexcept { return x509_.get(); }

    /// The certificate in PEM.
    std::string pem() const {
        const std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()), BIO_free};
        PEM_write_bio_X509(out.get(), x509_.get());
        return text_in(*out);
    }

    /// The key in PEM.
    std::string key_pem() const {
        const std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()), BIO_free};
        PEM_write_bio_PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
        return text_in(*out);
    }

private:
    static std::string text_in(BIO& memory) {
        char* text = nullptr;
        const long size = BIO_get_mem_data(&memory, &text);
        return {text, static_cast<std::size_t>(size)};
    }

    void add(int extension, const char* value) {
        X509V3_CTX context;
        X509V3_set_ctx(&context, x509_.get(), x509_.get(), nullptr, nullptr, 0);
        X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, &context, extension, value);
        X509_add_ext(x509_.get(), made, -1);
        X509_EXTENSION_free(made);
    }

    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
    std::unique_ptr<X509, decltype(&X509_free)> x509_;
};

} // namespace crier::test
