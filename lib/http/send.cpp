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
    stream_socket& to, clock::duration longest, std::string_view head, std::string_view body) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    operation_memory<512> memory;
    const time_limit limit{to, longest};
    boost::system::error_code error;
    while (!error && !(head.empty() && body.empty())) {
        const std::array<asio::const_buffer, 2> left{asio::buffer(head), asio::buffer(body)};
        const std::size_t sent =
            co_await to.async_write_some(left, memory.token(error, cancellation.slot()));
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
