#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <utility>

namespace crier::detail {

/// Runs a flow as a coroutine of its own on an executor, and completes on the caller's. The flow
/// cannot be cancelled, and what it does to its cancellation does not reach the caller.
template <class T>
boost::asio::awaitable<T> run_to_end_on(
    boost::asio::any_io_executor there, boost::asio::awaitable<T> flow) {
    auto token = boost::asio::bind_cancellation_slot(
        boost::asio::cancellation_slot{}, boost::asio::use_awaitable);
    co_return co_await boost::asio::co_spawn(there, std::move(flow), std::move(token));
}

/// The same, but the caller's cancellation is handed on to the flow. `co_spawn` alone would hand on
/// a pointer, which in Boost 1.81 may reach the other executor after its coroutine has ended.
template <class T>
boost::asio::awaitable<T> run_on(
    boost::asio::any_io_executor there, boost::asio::awaitable<T> flow) {
    struct forwarding {
        boost::asio::cancellation_slot from;
        ~forwarding() {
            if (from.is_connected()) {
                from.clear();
            }
        }
    };
    const auto cancellation = std::make_shared<boost::asio::cancellation_signal>();
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    forwarding forwarded{state.slot()};
    if (forwarded.from.is_connected()) {
        forwarded.from.assign([cancellation, there](boost::asio::cancellation_type type) {
            boost::asio::post(there, [cancellation, type] { cancellation->emit(type); });
        });
    }
    auto token =
        boost::asio::bind_cancellation_slot(cancellation->slot(), boost::asio::use_awaitable);
    co_return co_await boost::asio::co_spawn(there, std::move(flow), std::move(token));
}

} // namespace crier::detail
