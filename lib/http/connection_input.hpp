#pragma once

#include "operation_memory.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <string>

namespace crier::detail {

/// What has come on a connection and was not read yet.
class connection_input {
public:
    explicit connection_input(boost::asio::ip::tcp::socket& from) : from_{from} {}

    /// What is read is taken off.
    std::string bytes;
    bool brought_a_request = false;

    /// Receives some more, at most so many bytes.
    boost::asio::awaitable<boost::system::error_code> receive(std::size_t most);

private:
    boost::asio::ip::tcp::socket& from_;
    operation_memory<384> memory_;
};

} // namespace crier::detail
