#pragma once

#include <crier/http/tls.hpp>

#include "tls_handles.hpp"

#include <string>

namespace crier::detail {

/// What the functions below throw `tls_file_error` for says what is wrong with which file.

std::string read_file(const std::string& path, const char* what);

/// Lets a context show a certificate, which must be valid now.
void use_certificate(SSL_CTX& in, const tls_certificate& files);

/// Lets a context trust the authorities in a file, and tell them to clients.
void use_client_authorities(SSL_CTX& in, const std::string& path);

} // namespace crier::detail
