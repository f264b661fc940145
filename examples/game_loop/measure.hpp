// Measures whether viewers disturb the loop: with none, one and many in turn.
#pragma once

#include <crier/pubsub/manager.hpp>

#include "loop.hpp"
#include "viewers.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <stop_token>

namespace game {

/// Measures, and prints a table to `std::cout` unless it is stopped before.
/// Errors: throws `std::runtime_error` if the viewers cannot be connected.
void measure(std::chrono::seconds whole, std::size_t many, const viewers& crowd,
    const boost::asio::ip::tcp::endpoint& server, const crier::manager& events, const loop& of,
    const std::stop_token& stopped);

} // namespace game
