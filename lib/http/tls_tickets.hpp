#pragma once

#include <crier/async/clock.hpp>

#include "tls_handles.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace crier::detail {

/// The keys of session tickets: those in a file, or random ones, a new one every now and then.
/// Thread-safe.
class tls_tickets {
public:
    static constexpr clock::duration renewed_after = std::chrono::hours{12};
    static constexpr std::size_t random_keys = 3; ///< of which the last is a day old
    static constexpr std::size_t key_bytes = 80;

    /// `file` is empty for random ones. Throws `tls_file_error`, which says what is wrong.
    explicit tls_tickets(std::string file);

    /// Reads the file again; where it throws, the keys stay.
    void reload();

    /// Lets a context use them. They must outlive it.
    void use_in(SSL_CTX& context);

private:
    struct key {
        std::array<unsigned char, 16> name;
        std::array<unsigned char, 32> cipher;
        std::array<unsigned char, 32> mac;
    };
    struct found {
        key which;
        bool is_newest;
    };

    static key key_in(const unsigned char* bytes) noexcept;
    std::vector<key> read() const;
    std::optional<key> newest();
    std::optional<found> find(const unsigned char* name) const;
    static int prepare(SSL* of, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
        EVP_MAC_CTX* mac, int encrypts) noexcept;

    const std::string file_;
    mutable std::mutex lock_;
    std::vector<key> keys_; ///< the newest first
    clock::time_point renewed_{};
};

} // namespace crier::detail
