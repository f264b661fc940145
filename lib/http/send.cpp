#include "send.hpp"

#include "async/time_limit.hpp"
#include "operation_memory.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace crier::detail {

namespace asio = boost::asio;

asio::awaitable<boost::system::error_code> send(
    connection_stream& to, clock::duration longest, std::string_view head, std::string_view body) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    operation_memory<512> memory;
    const time_limit limit{to.socket(), longest};
    boost::system::error_code error;
    while (!error && !(head.empty() && body.empty())) {
        const std::array<asio::const_buffer, 2> left{asio::buffer(head), asio::buffer(body)};
        std::size_t sent = 0;
        if (to.channel() == nullptr) {
            sent = co_await to.socket().async_write_some(
                left, memory.token(error, cancellation.slot()));
        } else {
            sent = to.write_some(left, error);
            if (error == asio::error::would_block) {
                co_await to.async_wait(
                    awaited_by(*to.channel()), memory.token(error, cancellation.slot()));
            }
        }
        const std::size_t of_head = std::min(sent, head.size());
        head.remove_prefix(of_head);
        body.remove_prefix(sent - of_head);
        if (limit.expired() && !error) {
            error = asio::error::operation_aborted;
        }
    }
    co_return error;
}

} // namespace crier::detail
