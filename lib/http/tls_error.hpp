#pragma once

#include <boost/system/error_code.hpp>

#include <string>

namespace crier::detail {

/// The oldest one that OpenSSL keeps for this thread; then it keeps none.
boost::system::error_code take_openssl_error() noexcept;

/// The same in words, without codes: "certificate has expired".
std::string take_openssl_words();

} // namespace crier::detail
