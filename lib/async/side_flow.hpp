#pragma once

#include <crier/async/signal.hpp>

#include "spawn.hpp"
#include "timed_signal.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace crier::detail {

/// A flow that runs as a coroutine of its own beside the one that made it, on an executor that runs
/// one handler at a time. Whoever starts it waits for its end:
///
///     while (!flow.has_ended()) {
///         co_await flow.wait();
///     }
class side_flow {
public:
    explicit side_flow(const boost::asio::any_io_executor& executor)
        : state_{std::make_shared<state>(executor)} {}
    side_flow(const side_flow&) = delete;
    side_flow& operator=(const side_flow&) = delete;
    ~side_flow() = default;

    /// Once. Throws `std::bad_alloc`.
    void start(boost::asio::awaitable<void> flow) {
        prime(state_->woken.get_executor());
        boost::asio::co_spawn(state_->woken.get_executor(), std::move(flow), end{state_});
    }

    bool has_ended() const noexcept { return state_->has_ended; }

    /// Set at its end, and by others.
    signal& woken() noexcept { return state_->woken; }

    /// Waits until it is woken, whatever is cancelled. Needs no memory.
    auto wait() noexcept { return wait_uncancelled(state_->woken); }

    /// Where there is no memory for that, it just goes on.
    void cancel() noexcept {
        try {
            state_->cancellation.emit(boost::asio::cancellation_type::terminal);
        } catch (...) { // NOLINT(bugprone-empty-catch): see above
        }
    }

    /// Throws what it has thrown.
    void rethrow() const {
        if (state_->failure) {
            std::rethrow_exception(state_->failure);
        }
    }

private:
    struct state {
        explicit state(const boost::asio::any_io_executor& executor) : woken{executor} {}

        signal woken;
        boost::asio::cancellation_signal cancellation;
        bool has_ended = false;
        std::exception_ptr failure;
    };

    /// Its completion, without an executor of its own: see `end_of_flow`.
    class end {
    public:
        using cancellation_slot_type = boost::asio::cancellation_slot;

        explicit end(std::shared_ptr<state> of) noexcept : of_{std::move(of)} {}
        end(end&&) noexcept = default;
        end& operator=(end&&) = delete;
        ~end() {
            // Where its coroutine is destroyed, as one is that finds no memory.
            if (of_ && !of_->has_ended) {
                tell(aborted());
            }
        }

        cancellation_slot_type get_cancellation_slot() const noexcept {
            return of_->cancellation.slot();
        }

        void operator()(const std::exception_ptr& failure) noexcept { tell(failure); }

    private:
        static std::exception_ptr aborted() noexcept {
            return std::make_exception_ptr(
                boost::system::system_error{boost::asio::error::operation_aborted});
        }

        void tell(const std::exception_ptr& failure) noexcept {
            of_->failure = failure;
            of_->has_ended = true;
            of_->woken.set_later();
        }

        std::shared_ptr<state> of_;
    };

    const std::shared_ptr<state> state_;
};

} // namespace crier::detail
