#include "connection_input.hpp"

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace crier::detail {

namespace asio = boost::asio;

asio::awaitable<boost::system::error_code> connection_input::receive(std::size_t most) {
    const std::size_t had = bytes.size();
    bytes.resize(had + most);
    boost::system::error_code error;
    const handler_allocator<std::byte, memory_type*> allocator{&memory_};
    const std::size_t size = co_await from_.async_read_some(asio::buffer(&bytes[had], most),
        asio::redirect_error(asio::bind_allocator(allocator, asio::use_awaitable), error));
    bytes.resize(had + size);
    co_return error;
}

} // namespace crier::detail
