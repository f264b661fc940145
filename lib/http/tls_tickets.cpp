#include "tls_tickets.hpp"

#include "tls_files.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace crier::detail {

tls_tickets::tls_tickets(std::string file) : file_{std::move(file)} {
    if (!file_.empty()) {
        keys_ = read();
    }
}

void tls_tickets::reload() {
    if (!file_.empty()) {
        std::vector<key> fresh = read();
        const std::scoped_lock locked{lock_};
        keys_ = std::move(fresh);
    }
}

void tls_tickets::use_in(SSL_CTX& context) {
    SSL_CTX_set_app_data(&context, this);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(&context, &tls_tickets::prepare);
}

tls_tickets::key tls_tickets::key_in(const unsigned char* bytes) noexcept {
    key made{};
    std::memcpy(made.name.data(), bytes, made.name.size());
    std::memcpy(made.cipher.data(), bytes + made.name.size(), made.cipher.size());
    std::memcpy(made.mac.data(), bytes + made.name.size() + made.cipher.size(), made.mac.size());
    return made;
}

std::vector<tls_tickets::key> tls_tickets::read() const {
    const std::string text = read_file(file_, "ticket keys");
    if (text.empty() || text.size() % key_bytes != 0) {
        throw tls_file_error{"the ticket keys in " + file_ + " have " +
                             std::to_string(text.size()) + " bytes: each has " +
                             std::to_string(key_bytes)};
    }
    std::vector<key> all;
    for (std::size_t at = 0; at < text.size(); at += key_bytes) {
        all.push_back(key_in(reinterpret_cast<const unsigned char*>(&text[at])));
    }
    return all;
}

/// None: there is no random one.
std::optional<tls_tickets::key> tls_tickets::newest() {
    const std::scoped_lock locked{lock_};
    const clock::time_point now = clock::now();
    if (file_.empty() && (keys_.empty() || now - renewed_ >= renewed_after)) {
        std::array<unsigned char, key_bytes> random{};
        if (RAND_priv_bytes(random.data(), static_cast<int>(random.size())) != 1) {
            return std::nullopt;
        }
        keys_.insert(keys_.begin(), key_in(random.data()));
        keys_.resize(std::min(keys_.size(), random_keys));
        renewed_ = now;
    }
    return keys_.front();
}

std::optional<tls_tickets::found> tls_tickets::find(const unsigned char* name) const {
    const std::scoped_lock locked{lock_};
    const auto at = std::ranges::find_if(keys_, [name](const key& each) {
        return std::memcmp(each.name.data(), name, each.name.size()) == 0;
    });
    return at == keys_.end() ? std::nullopt : std::optional{found{*at, at == keys_.begin()}};
}

/// As OpenSSL asks for: -1 is an error, 0 no such key, 1 done, 2 done and the ticket to be renewed.
int tls_tickets::prepare(SSL* of, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
    EVP_MAC_CTX* mac, int encrypts) noexcept {
    try {
        auto& self = *static_cast<tls_tickets*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(of)));
        std::optional<found> with;
        if (encrypts == 0) {
            with = self.find(name);
        } else if (const auto made = self.newest()) {
            with = found{*made, true};
        }
        if (!with) {
            return encrypts == 0 ? 0 : -1;
        }
        key& one = with->which;
        std::array<OSSL_PARAM, 3> params{
            OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, one.mac.data(), one.mac.size()),
            OSSL_PARAM_construct_utf8_string(
                OSSL_MAC_PARAM_DIGEST, const_cast<char*>("SHA256"), 0), // NOLINT(*-const-cast)
            OSSL_PARAM_construct_end()};
        bool is_ready = EVP_MAC_CTX_set_params(mac, params.data()) == 1;
        if (encrypts != 0) {
            std::memcpy(name, one.name.data(), one.name.size());
            is_ready = is_ready && RAND_bytes(iv, EVP_MAX_IV_LENGTH) == 1;
        }
        is_ready = is_ready && EVP_CipherInit_ex2(cipher, EVP_aes_256_cbc(), one.cipher.data(), iv,
                                   encrypts, nullptr) == 1;
        return !is_ready ? -1 : with->is_newest ? 1 : 2;
    } catch (...) {
        return -1; // no memory
    }
}

} // namespace crier::detail
