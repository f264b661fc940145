#pragma once

#include <crier/async/detail/waiter.hpp>
#include <crier/export.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <memory>
#include <type_traits>
#include <utility>

namespace crier {

namespace detail {
class signal_registry;
}

/// How a wait ended, as a value: an `error_code` in a completion is thrown into a coroutine.
struct wait_result {
    boost::system::error_code error;
};

/// A latched, coalescing wake-up: set any number of times, it wakes its one waiter once.
///
/// Coalescing loses how often it was set, never that it was set. A wake-up carries no data: read
/// until nothing is left, then wait.
///
///     crier::signal changed{executor};
///     changed.set();                                              // any thread
///     co_await changed.async_wait(boost::asio::use_awaitable);    // completes at once
///
/// Thread safety: `set`, `try_wait`, `cancel` and `close` from any thread; one waiter at a time.
/// Lifetime: destroying it completes its waiter with `operation_aborted`; destroy it on the
/// waiter's executor, and not while another thread calls it.
class CRIER_EXPORT signal {
public:
    using executor_type = boost::asio::any_io_executor;

    explicit signal(executor_type executor);
    signal(const signal&) = delete;
    signal& operator=(const signal&) = delete;
    ~signal();

    const executor_type& get_executor() const noexcept { return executor_; }

    /// Wakes the waiter, or else the next wait. The waiter is resumed before this returns where
    /// the caller runs on the waiter's executor, and from there otherwise.
    void set();

    /// Takes the wake-up if there is one, and tells whether there was.
    bool try_wait() noexcept;

    /// Completes when the signal is set, at once if it was set since the last wait.
    ///
    /// Errors: `errc::closed` once closed, after a wake-up that was set before;
    /// `operation_aborted` by `cancel` or cancellation.
    /// Cancellation: total; no wake-up is lost by it.
    template <class Token>
    auto async_wait(Token&& token) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
            [this](auto handler) { this->start(std::move(handler)); }, token);
    }

    /// The same for a coroutine that looks at the error itself: awaiting it does not throw.
    template <class Token>
    auto async_wait_result(Token&& token) {
        return boost::asio::async_initiate<Token, void(wait_result)>(
            [this](auto handler) { this->start(std::move(handler)); }, token);
    }

    /// Completes a pending wait with `operation_aborted`. A wake-up that is set stays.
    void cancel();

    /// Completes this and every later wait with `errc::closed`. Idempotent.
    void close();

private:
    friend class detail::signal_registry;

    template <class Handler>
    void start(Handler handler) {
        using waiter = detail::basic_waiter<std::decay_t<Handler>>;
        if (auto slot = boost::asio::get_associated_cancellation_slot(handler);
            slot.is_connected()) {
            slot.assign([link = link()](boost::asio::cancellation_type type) {
                if (type != boost::asio::cancellation_type::none && *link) {
                    (*link)->cancel();
                }
            });
        }
        waiter_.template emplace<waiter>(std::move(handler), executor_);
        begin_wait();
    }

    void begin_wait();
    void end_wait(unsigned also, boost::system::error_code error);
    const std::shared_ptr<signal*>& link();

    executor_type executor_;
    detail::signal_registry* registry_;
    signal* previous_ = nullptr;
    signal* next_ = nullptr;
    std::atomic<unsigned> state_{0};
    detail::waiter_place waiter_;
    /// What cancellation handlers hold: they may outlive the signal.
    std::shared_ptr<signal*> link_;
};

} // namespace crier
