#pragma once

#include <crier/async/detail/signal_state.hpp>
#include <crier/export.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <utility>

namespace crier {

namespace detail {

/// What `signal::async_wait` hands to its completion token.
struct begin_wait {
    using executor_type = boost::asio::any_io_executor;

    std::shared_ptr<signal_state> on;

    executor_type get_executor() const noexcept { return on->get_executor(); }

    template <class Handler>
    void operator()(Handler handler) const {
        on->start(std::move(handler));
    }
};

} // namespace detail

/// A latched, coalescing wake-up: set any number of times, it wakes its one waiter once.
///
/// Coalescing loses the number of `set()` calls, never the fact that one happened. A wake-up
/// carries no data: read until nothing is left, then wait.
///
///     crier::signal changed{executor};
///     changed.set();                    // any thread
///     co_await changed.async_wait();    // completes at once
///
/// Thread safety: all members from any thread; one wait at a time.
/// Lifetime: any thread may destroy it, once no other uses it any more; that completes its wait
/// with `operation_aborted`. The executor's context must outlive it.
class CRIER_EXPORT signal {
public:
    using executor_type = boost::asio::any_io_executor;

    explicit signal(const executor_type& executor);
    signal(const signal&) = delete;
    signal& operator=(const signal&) = delete;
    ~signal();

    const executor_type& get_executor() const noexcept;

    /// Wakes the waiter, or else the next wait. If the caller runs on the waiter's executor, the
    /// waiter is resumed before this returns; otherwise it is resumed from its executor.
    ///
    /// Errors: throws what the waiter throws if it is resumed within this call.
    void set();

    /// As `set`, but the waiter is resumed after this has returned, and from its executor. For
    /// callers that hold a lock, say.
    void set_later() noexcept;

    /// Takes the wake-up if there is one. Returns whether there was.
    bool try_wait() noexcept;

    /// Completes when the signal is set; at once if it was set since the last wait.
    ///
    /// Signature: `void(error_code)`, on the handler's associated executor, else on the signal's.
    /// Errors: `errc::closed` once the signal is closed and no wake-up is left;
    /// `operation_aborted` after `cancel` or cancellation; `errc::already_waiting` while another
    /// wait is pending.
    /// Cancellation: total; no wake-up is lost.
    template <class Token = boost::asio::deferred_t>
    auto async_wait(Token&& token = Token{}) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
            detail::begin_wait{state_}, token);
    }

    /// Completes a pending wait with `operation_aborted`. A wake-up that is set stays set.
    void cancel() noexcept;

    /// Ends the signal: the pending wait and every later one complete with `errc::closed`.
    /// Idempotent.
    void close() noexcept;

private:
    std::shared_ptr<detail::signal_state> state_;
};

} // namespace crier
