#include "http/encryption.hpp"

#include <stdexcept>

namespace crier::detail {

std::shared_ptr<encryption> make_encryption(
    const tls_server_options& /*options*/, bool /*offers_http2*/) {
    throw std::invalid_argument{
        "this crier is built without TLS: it needs OpenSSL, and -Dtls=enabled"};
}

} // namespace crier::detail
