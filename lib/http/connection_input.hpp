#pragma once

#include <crier/async/detail/handler_memory.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <string>

namespace crier::detail {

/// What has come on a connection and was not read yet.
///
/// To receive needs no memory but the buffer's, which grows in the coroutine. Asio lets go of a
/// coroutine whose operation finds no memory by a post, in a destructor: if there is none for that
/// either, the process ends.
class connection_input {
public:
    explicit connection_input(boost::asio::ip::tcp::socket& from) : from_{from} {}

    /// What is read is taken off.
    std::string bytes;

    /// Receives some more, at most so many bytes.
    boost::asio::awaitable<boost::system::error_code> receive(std::size_t most);

private:
    using memory_type = handler_memory<384>;

    boost::asio::ip::tcp::socket& from_;
    memory_type memory_;
};

} // namespace crier::detail
