#pragma once

#include "async/time_limit.hpp"
#include "connection_stream.hpp"
#include "operation_memory.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <string>

namespace crier::detail {

/// Bytes that were received on a connection and are not parsed yet.
class connection_input {
public:
    using limit = time_limit<stream_socket>;

    explicit connection_input(connection_stream& from) : from_{from} {}

    connection_stream& stream() noexcept { return from_; }
    stream_socket& socket() noexcept { return from_.socket(); }

    /// Whoever parses some removes them.
    std::string bytes;
    bool brought_a_request = false;

    /// Receives some more, at most so many bytes. `operation_aborted` where the limit, which is the
    /// socket's, has expired, though that was between two operations.
    boost::asio::awaitable<boost::system::error_code> receive(
        const limit& within, std::size_t most = 16'384);

private:
    connection_stream& from_;
    operation_memory<384> memory_;
};

} // namespace crier::detail
