#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace crier::detail {

/// Lets a cancellation come first, before a flow takes something that nobody would get: of two
/// flows that are joined by `||`, both begin, and the one that is over first cancels the other.
inline boost::asio::awaitable<void> give_way_to_cancellation() {
    namespace asio = boost::asio;
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (state.slot().is_connected()) {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, asio::use_awaitable);
        if (state.cancelled() != asio::cancellation_type::none) {
            throw boost::system::system_error{asio::error::operation_aborted};
        }
    }
}

} // namespace crier::detail
