#pragma once

#include <crier/async/clock.hpp>

#include "connection_stream.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <string_view>

namespace crier::detail {

/// Sends all of it, or what the peer takes in that time; then the error is `operation_aborted`.
boost::asio::awaitable<boost::system::error_code> send(connection_stream& to,
    clock::duration longest, std::string_view head, std::string_view body = {});

} // namespace crier::detail
