#pragma once

#include "transport.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <string>

namespace crier::detail {

/// Connects to a Unix socket, at once or not at all. Errors: throws the system's, `try_again` where
/// too many wait for the server already.
stream_socket connect_to_path(
    const boost::asio::any_io_executor& executor, const std::string& path);

} // namespace crier::detail
