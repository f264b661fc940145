#pragma once

#include "async/spawn.hpp"
#include "flow.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>

#include <memory>
#include <utility>

namespace crier::detail {

/// Awaits a coroutine of the user's own, whose executor is of another type, where the flow runs. It
/// is cancelled with the flow, for which `co_spawn` alone would need memory. Until it is over there
/// is work, which an `own_executor` does not count.
///
/// Errors: throws what it throws.
inline flow<void> run_theirs(boost::asio::awaitable<void> theirs) {
    struct forwarding {
        boost::asio::cancellation_slot from;
        ~forwarding() {
            if (from.is_connected()) {
                from.clear();
            }
        }
    };
    const own_executor here = co_await boost::asio::this_coro::executor;
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    const auto cancelled = std::make_shared<boost::asio::cancellation_signal>();
    const forwarding forwarded{state.slot()};
    if (auto from = state.slot(); from.is_connected()) {
        from.assign([cancelled](boost::asio::cancellation_type type) { cancelled->emit(type); });
    }
    const boost::asio::any_io_executor work =
        boost::asio::prefer(here.inner(), boost::asio::execution::outstanding_work.tracked);
    const boost::asio::any_io_executor own = own_executor_on(here.inner());
    prime(own);
    auto token = boost::asio::bind_cancellation_slot(cancelled->slot(), use_flow);
    co_await boost::asio::co_spawn(own, std::move(theirs), std::move(token));
}

} // namespace crier::detail
