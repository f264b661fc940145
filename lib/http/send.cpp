#include "send.hpp"

#include "operation_memory.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace crier::detail {

namespace asio = boost::asio;

asio::awaitable<boost::system::error_code> send(
    asio::ip::tcp::socket& to, std::string_view head, std::string_view body) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    operation_memory<512> memory;
    memory.prepare(cancellation.slot());
    const std::array<asio::const_buffer, 2> bytes{asio::buffer(head), asio::buffer(body)};
    boost::system::error_code error;
    co_await asio::async_write(to, bytes, memory.token(error));
    co_return error;
}

} // namespace crier::detail
