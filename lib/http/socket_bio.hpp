#pragma once

#include "tls_handles.hpp"

namespace crier::detail {

/// Lets OpenSSL use a socket, as its own `BIO_new_socket` does, but without SIGPIPE where the peer
/// has gone. Does not close it. Throws `std::bad_alloc`.
openssl_ptr<BIO> new_socket_bio(int socket);

} // namespace crier::detail
