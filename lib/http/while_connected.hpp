#pragma once

#include "responder.hpp"

#include <boost/asio/awaitable.hpp>

namespace crier::detail {

/// See `exchange::while_connected`.
boost::asio::awaitable<void> run_while_connected(responder& of, boost::asio::awaitable<void> work);

} // namespace crier::detail
