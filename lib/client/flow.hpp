#pragma once

#include <crier/async/detail/handler_memory.hpp>
#include <crier/async/signal.hpp>

#include "async/executors.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace crier::detail {

/// An executor for one coroutine, or for another handler at a time, with memory of its own for what
/// is posted there. Where a wait cannot begin, Asio posts the coroutine's destruction from a
/// destructor, and the process would end if that found no memory. It counts no work: what the
/// coroutine waits for does.
///
/// On executors that `with_own_type` does not know it is without that memory.
class flow_executor {
public:
    /// Not another one of itself, or whether it can be copied would hang on whether it is an
    /// executor, which hangs on whether it can be copied.
    template <class Executor>
        requires(!std::is_same_v<Executor, flow_executor>)
    explicit flow_executor(const Executor& on) : on_{std::make_shared<place>(on)} {}

    /// What it runs on.
    const boost::asio::any_io_executor& inner() const noexcept { return on_->executor; }

    bool operator==(const flow_executor&) const noexcept = default;

    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
        return boost::asio::query(inner(), boost::asio::execution::context);
    }

    flow_executor require(boost::asio::execution::blocking_t::never_t) const noexcept {
        flow_executor posting = *this;
        posting.calls_at_once_ = false;
        return posting;
    }

    /// Calls at once where it may and can.
    template <class Function>
    void execute(Function&& function) const {
        if (calls_at_once_ && runs_here(inner())) {
            std::decay_t<Function>(std::forward<Function>(function))();
            return;
        }
        const handler_allocator<std::byte, std::shared_ptr<memory>> kept{{on_, &on_->posted}};
        post_with(inner(), kept, std::forward<Function>(function));
    }

private:
    using memory = handler_memory<256>;

    struct place {
        explicit place(boost::asio::any_io_executor on) : executor{std::move(on)} {}

        const boost::asio::any_io_executor executor;
        memory posted;
    };

    std::shared_ptr<place> on_;
    bool calls_at_once_ = true;
};

/// What a coroutine of the client returns, but for those that the user's own await.
template <class T>
using flow = boost::asio::awaitable<T, flow_executor>;

inline constexpr boost::asio::use_awaitable_t<flow_executor> use_flow;

// Both wait on the signal's executor, whose type the signal knows.

inline flow<void> wait_for(signal& set) {
    return set.async_wait(boost::asio::bind_executor(set.get_executor(), use_flow));
}

inline flow<void> wait_for(signal& set, boost::system::error_code& error) {
    return set.async_wait(boost::asio::redirect_error(
        boost::asio::bind_executor(set.get_executor(), use_flow), error));
}

} // namespace crier::detail
