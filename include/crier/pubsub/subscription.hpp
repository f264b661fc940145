#pragma once

#include <crier/async/signal.hpp>
#include <crier/export.hpp>
#include <crier/pubsub/detail/subscription_state.hpp>
#include <crier/wire/frame.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace crier {

namespace detail {

/// What `subscription::async_receive` hands to its completion token.
struct begin_receive {
    using executor_type = boost::asio::any_io_executor;

    std::shared_ptr<subscription_state> on;

    executor_type get_executor() const noexcept { return on->get_executor(); }

    template <class Handler>
    void operator()(Handler handler) const {
        on->receive(std::move(handler));
    }
};

} // namespace detail

/// One subscriber's own channel: the events that it has still to read, oldest first.
///
///     crier::subscription prices = manager.subscribe("prices");
///     crier::frame next = co_await prices.async_receive();
///
/// It belongs to one executor, that of its manager's or broker's strand unless another was given.
/// When it is full, it misses what its limits say, which is counted and told: where events are
/// missing, a frame of type "crier.gap" stands in their place.
///
/// Thread safety: `async_receive` and `close` from any executor, the rest on `get_executor()`; one
/// reader at a time.
/// Lifetime: may outlive its manager or broker, and is closed then. Destroying it completes what
/// waits with `operation_aborted`. One that was moved from may be destroyed, assigned, and asked
/// whether it is valid.
class CRIER_EXPORT subscription {
public:
    using executor_type = boost::asio::any_io_executor;

    subscription(subscription&&) noexcept = default;
    subscription& operator=(subscription&& other) noexcept;
    ~subscription();

    /// False: it was moved from.
    bool valid() const noexcept { return state_ != nullptr; }

    /// Numbered from 1 in its manager or broker.
    std::uint64_t id() const noexcept;

    const executor_type& get_executor() const noexcept;

    /// Takes the next event; completes soon if there is one.
    ///
    /// Signature: `void(error_code, frame)`, on the handler's associated executor, else on
    /// `get_executor()`.
    /// Errors: `errc::closed` once closed or shut down, and all was read; `errc::overflow` where
    /// too much waited and the policy is to disconnect; `errc::already_waiting` while another one
    /// receives.
    /// Cancellation: total; no event is lost by it.
    template <class Token = boost::asio::deferred_t>
    auto async_receive(Token&& token = Token{}) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, frame)>(
            detail::begin_receive{state_}, token);
    }

    /// Takes the next event if there is one.
    std::optional<frame> try_receive();

    /// Completes when there may be something to read. See `signal::async_wait`.
    template <class Token = boost::asio::deferred_t>
    auto async_wait(Token&& token = Token{}) {
        return get_signal().async_wait(std::forward<Token>(token));
    }

    /// The wake-up itself, for `stream_writer::wait`.
    signal& get_signal() noexcept;

    /// How many events and gaps wait to be read, but for those that are read back.
    std::size_t pending() const noexcept;

    /// How many events it missed.
    std::uint64_t dropped() const noexcept;

    /// Ends the subscription: what waits completes with `errc::closed`; what was published before
    /// stays readable. Idempotent.
    void close() noexcept;

private:
    friend class manager;

    explicit subscription(std::shared_ptr<detail::subscription_state> state) noexcept
        : state_{std::move(state)} {}

    std::shared_ptr<detail::subscription_state> state_;
};

} // namespace crier
