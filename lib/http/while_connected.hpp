#pragma once

#include "async/stream_socket.hpp"

#include <boost/asio/awaitable.hpp>

namespace crier::detail {

/// See `exchange::while_connected`.
boost::asio::awaitable<void> run_while_connected(
    stream_socket& socket, boost::asio::awaitable<void> work);

} // namespace crier::detail
