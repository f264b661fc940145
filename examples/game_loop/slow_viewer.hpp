// A viewer of room 1 whose connection takes a third of what the room sends.
#pragma once

#include <crier/pubsub/manager.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace game {

/// Watches until it is cancelled, over a connection of its own to the server. It publishes to
/// "slow" the time of each state that it gets, and the time at which it got it: the difference is
/// the age of what a slow viewer sees.
boost::asio::awaitable<void> watch_slowly(
    boost::asio::ip::tcp::endpoint server, bool is_encrypted, crier::manager& report);

} // namespace game
