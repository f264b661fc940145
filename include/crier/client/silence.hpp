#pragma once

#include <chrono>

namespace crier {

/// An open stream brings no byte: no event, no comment, no heartbeat.
struct silence {
    std::chrono::milliseconds lasted{}; ///< until now
    bool is_over = false;               ///< bytes have come again
};

} // namespace crier
