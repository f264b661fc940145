#include "connection_input.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/this_coro.hpp>

namespace crier::detail {

namespace asio = boost::asio;

asio::awaitable<boost::system::error_code> connection_input::receive(std::size_t most) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    memory_.prepare(cancellation.slot());
    const std::size_t had = bytes.size();
    bytes.resize(had + most);
    boost::system::error_code error;
    const std::size_t size =
        co_await from_.async_read_some(asio::buffer(&bytes[had], most), memory_.token(error));
    bytes.resize(had + size);
    co_return error;
}

} // namespace crier::detail
