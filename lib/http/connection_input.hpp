#pragma once

#include "operation_memory.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <string>

namespace crier::detail {

/// Bytes that were received on a connection and are not parsed yet.
class connection_input {
public:
    explicit connection_input(boost::asio::ip::tcp::socket& from) : from_{from} {}

    /// Whoever parses some removes them.
    std::string bytes;
    bool brought_a_request = false;

    /// Receives some more, at most so many bytes.
    boost::asio::awaitable<boost::system::error_code> receive(std::size_t most);

private:
    boost::asio::ip::tcp::socket& from_;
    operation_memory<384> memory_;
};

} // namespace crier::detail
