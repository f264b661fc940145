#pragma once

#include <crier/pubsub/manager.hpp>

namespace crier::detail {

// Options are brought into range once, where they are given.

/// Errors: throws `std::invalid_argument` on limits of 0.
void check(const queue_limits& limits);

history_limits in_range(history_limits limits) noexcept;

/// Errors: throws `std::invalid_argument` on options that make no sense.
manager_options in_range(manager_options options);

} // namespace crier::detail
