#pragma once

#include <crier/async/signal.hpp>

#include "async/executors.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace crier::detail {

/// What a coroutine of the client returns, but for those that the user's own await. On executors
/// that `with_own_type` does not know it is without memory of its own.
template <class T>
using flow = boost::asio::awaitable<T, own_executor>;

inline constexpr boost::asio::use_awaitable_t<own_executor> use_flow;

// Both wait on the signal's executor, whose type the signal knows.

inline flow<void> wait_for(signal& set) {
    return set.async_wait(boost::asio::bind_executor(set.get_executor(), use_flow));
}

inline flow<void> wait_for(signal& set, boost::system::error_code& error) {
    return set.async_wait(boost::asio::redirect_error(
        boost::asio::bind_executor(set.get_executor(), use_flow), error));
}

} // namespace crier::detail
