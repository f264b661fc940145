#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>

namespace crier::detail {

class manager_state;

/// Shuts the manager down, and waits until nothing of it is left, or shortly after the deadline.
boost::asio::awaitable<void> end_orderly(
    std::shared_ptr<manager_state> events, std::chrono::milliseconds deadline);

} // namespace crier::detail
