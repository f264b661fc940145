#pragma once

#include "common/descriptor.hpp"

#include <cstdint>

namespace bench::load {

/// Allows as many open files as the system lets a process have. Errors: throws
/// `std::runtime_error` where that is not enough for so many connections.
void allow_connections(std::uint32_t connections);

/// Begins to connect to a port of 127.0.0.1. An address has ports for so many of them only, so
/// that later ones come from other addresses of the loopback network. Errors: throws
/// `std::system_error`.
descriptor start_connecting(std::uint16_t port, std::uint32_t number);

} // namespace bench::load
