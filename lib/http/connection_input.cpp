#include "connection_input.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

namespace crier::detail {

namespace asio = boost::asio;

asio::awaitable<boost::system::error_code> connection_input::receive(
    const limit& within, std::size_t most) {
    if (within.expired()) {
        co_return asio::error::operation_aborted;
    }
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    const std::size_t had = bytes.size();
    bytes.resize(had + most);
    boost::system::error_code error;
    const std::size_t size = co_await from_.async_read_some(
        asio::buffer(&bytes[had], most), memory_.token(error, cancellation.slot()));
    bytes.resize(had + size);
    co_return error;
}

} // namespace crier::detail
