#pragma once

#include <crier/async/clock.hpp>

#include "flow.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace crier::detail {

/// The addresses of a host, which may be one itself.
/// Errors: throws the resolver's; `errc::connect_timeout`.
flow<std::vector<boost::asio::ip::tcp::endpoint>> resolve_host(
    const std::string& host, std::uint16_t port, clock::time_point deadline);

} // namespace crier::detail
