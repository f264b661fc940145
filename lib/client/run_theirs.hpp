#pragma once

#include "async/spawn.hpp"
#include "flow.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace crier::detail {

/// Resumes a flow that awaits a coroutine of the user's own. As `end_of_flow`, it has no executor,
/// so that to cancel needs no memory.
template <class Handler>
struct end_of_theirs {
    using cancellation_slot_type = boost::asio::cancellation_slot;

    std::shared_ptr<boost::asio::cancellation_signal> cancelled_by;
    Handler waiting;

    cancellation_slot_type get_cancellation_slot() const noexcept { return cancelled_by->slot(); }
    void operator()(const std::exception_ptr& thrown) { std::move(waiting)(thrown); }
};

/// Hands a flow's cancellations on while it lives.
class handing_on {
public:
    handing_on(
        boost::asio::cancellation_slot from, std::shared_ptr<boost::asio::cancellation_signal> to)
        : from_{from} {
        if (from_.is_connected()) {
            from_.assign(
                [to = std::move(to)](boost::asio::cancellation_type type) { to->emit(type); });
        }
    }
    handing_on(const handing_on&) = delete;
    handing_on& operator=(const handing_on&) = delete;
    ~handing_on() {
        if (from_.is_connected()) {
            from_.clear();
        }
    }

private:
    boost::asio::cancellation_slot from_;
};

/// Awaits a coroutine of the user's own, whose executor is of another type, where the flow runs. It
/// is cancelled with the flow. Until it is over there is work, which an `own_executor` does not
/// count.
///
/// Errors: throws what it throws.
inline flow<void> run_theirs(boost::asio::awaitable<void> theirs) {
    namespace asio = boost::asio;
    const own_executor here = co_await asio::this_coro::executor;
    const auto state = co_await asio::this_coro::cancellation_state;
    auto cancelled_by = std::make_shared<asio::cancellation_signal>();
    const handing_on handed_on{state.slot(), cancelled_by};
    const asio::any_io_executor work =
        asio::prefer(here.inner(), asio::execution::outstanding_work.tracked);
    const asio::any_io_executor own = own_executor_on(here.inner());
    prime(own);
    const auto initiate = [](auto waiting, auto cancellation, const auto& on, auto awaited) {
        end_of_theirs<decltype(waiting)> end{std::move(cancellation), std::move(waiting)};
        asio::co_spawn(on, std::move(awaited), std::move(end));
    };
    auto token = use_flow;
    co_await asio::async_initiate<decltype(token), void(std::exception_ptr)>(
        initiate, token, std::move(cancelled_by), own, std::move(theirs));
}

} // namespace crier::detail
