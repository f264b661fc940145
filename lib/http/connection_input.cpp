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
    const asio::mutable_buffer room{&bytes[had], most};
    boost::system::error_code error;
    std::size_t size = 0;
    if (from_.channel() == nullptr) {
        size = co_await from_.socket().async_read_some(
            room, memory_.token(error, cancellation.slot()));
    } else {
        size = from_.read_some(room, error);
        while (error == asio::error::would_block) {
            co_await from_.async_wait(
                awaited_by(*from_.channel()), memory_.token(error, cancellation.slot()));
            size = error ? 0 : from_.read_some(room, error);
        }
    }
    bytes.resize(had + size);
    co_return error;
}

} // namespace crier::detail
