#pragma once

#include <crier/export.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace crier {

/// Files in PEM.
struct tls_certificate {
    std::string chain; ///< the certificate, and those that lead to its authority
    std::string key;   ///< without a passphrase
};

enum class client_certificates {
    none,     ///< clients are not asked for one
    asked,    ///< a client that shows none is served, too
    required, ///< a client that shows none, or none of the authorities, is not served
};

/// How a server speaks TLS: 1.2 or 1.3, with the ciphers of Mozilla's intermediate level, without
/// renegotiation and early data.
struct tls_server_options {
    /// A client gets the first one that is for the host that it names (RFC 6066, section 3), and
    /// else the first of all.
    std::vector<tls_certificate> certificates{};
    client_certificates clients = client_certificates::none;
    /// A file in PEM: the authorities of clients' certificates. Needed where these are asked for.
    std::string client_authorities{};
    /// A file of keys for session tickets (RFC 8446, section 4.6.1), which several nodes may share:
    /// each has 80 random bytes. The first is for new tickets, the others are taken as well. Empty:
    /// keys of this process alone, a new one every 12 hours. A ticket is taken for a day.
    std::string ticket_keys{};
    /// How long a handshake may take, its time in the queue included. Zero or less means the
    /// default, `milliseconds::max()` never.
    std::chrono::milliseconds handshake_timeout = std::chrono::seconds{10};
    /// How many handshakes are under way at once on each thread. More wait for their turn.
    std::size_t handshakes = 256;
};

/// Says what is wrong with which file of `tls_server_options`, in one line.
class CRIER_EXPORT tls_file_error : public std::runtime_error {
public:
    explicit tls_file_error(const std::string& why);
    ~tls_file_error() override;
};

/// How a client is connected.
struct tls_state {
    std::string version; ///< "TLSv1.3"
    std::string cipher;  ///< "TLS_AES_256_GCM_SHA384"
    /// The subject of the client's certificate, which was verified, as RFC 4514 writes it:
    /// "CN=sensor 7,O=Plant". Empty: it has shown none.
    std::string client;
};

} // namespace crier
