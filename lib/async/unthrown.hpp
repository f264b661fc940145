#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/error_code.hpp>

#include <exception>
#include <utility>

namespace crier::detail {

/// Runs a step within which a cancellation does not throw by itself: the step sees it, and puts
/// things in order first.
inline boost::asio::awaitable<boost::system::error_code> unthrown(
    boost::asio::awaitable<boost::system::error_code> step) {
    namespace asio = boost::asio;
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    boost::system::error_code ended;
    std::exception_ptr thrown;
    try {
        ended = co_await std::move(step);
    } catch (...) {
        thrown = std::current_exception();
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (thrown) {
        std::rethrow_exception(thrown);
    }
    co_return ended;
}

} // namespace crier::detail
