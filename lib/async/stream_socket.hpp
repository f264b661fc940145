#pragma once

#include <boost/asio/generic/stream_protocol.hpp>

namespace crier::detail {

/// Of TCP, or a Unix socket.
using stream_socket = boost::asio::generic::stream_protocol::socket;

} // namespace crier::detail
