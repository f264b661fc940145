#pragma once

#include <crier/http/exchange.hpp>

#include "asked.hpp"

namespace crier::detail {

/// A request as it came off a connection: what it asks, and the message for handlers.
struct received {
    asked read;
    exchange::request_type message;
};

} // namespace crier::detail
