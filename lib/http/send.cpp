#include "send.hpp"

#include <crier/async/detail/handler_memory.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstddef>

namespace crier::detail {

namespace asio = boost::asio;

asio::awaitable<boost::system::error_code> send(
    asio::ip::tcp::socket& to, std::string_view head, std::string_view body) {
    using memory_type = handler_memory<512>;
    memory_type memory;
    const handler_allocator<std::byte, memory_type*> allocator{&memory};
    const std::array<asio::const_buffer, 2> bytes{asio::buffer(head), asio::buffer(body)};
    boost::system::error_code error;
    co_await asio::async_write(to, bytes,
        asio::redirect_error(asio::bind_allocator(allocator, asio::use_awaitable), error));
    co_return error;
}

} // namespace crier::detail
