#pragma once

#include <crier/http/detail/http2_transport.hpp>
#include <crier/http/http2.hpp>

#include "request_context.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace crier::detail {

/// Brings options into range. Throws `std::invalid_argument` on those that make no sense, and on
/// all where crier was built without HTTP/2.
void check_http2(http2_options& options);

/// Serves the requests of an HTTP/2 connection until either side ends it. `received`: what has come
/// on it already.
boost::asio::awaitable<void> run_http2(
    http2_transport& on, request_context& context, std::string received);

} // namespace crier::detail
