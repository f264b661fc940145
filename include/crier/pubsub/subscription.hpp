#pragma once

#include <crier/async/detail/begin_receive.hpp>
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

/// One subscriber's channel: the events that it has not read yet, oldest first.
///
///     crier::subscription prices = manager.subscribe("prices");
///     crier::frame next = co_await prices.async_receive();
///
/// It belongs to one executor: the manager's or broker's strand, unless another was given. When its
/// queue is full, events are dropped by its policy and counted. If its manager gives ids
/// (`manager_options::ids`), a frame of type "crier.gap" takes the place of missing events. Without
/// ids, as in a broker, missing events are only counted.
///
/// Thread safety: `async_receive` and `close` from any executor, the rest on `get_executor()`; one
/// reader at a time.
/// Lifetime: may outlive its manager or broker, which closes it. Destroying it completes pending
/// operations with `operation_aborted`. After a move from it, only destruction, assignment and
/// `valid()` are allowed.
class CRIER_EXPORT subscription {
public:
    using executor_type = boost::asio::any_io_executor;

    subscription(subscription&&) noexcept = default;
    subscription& operator=(subscription&& other) noexcept;
    ~subscription();

    /// False if it was moved from.
    bool valid() const noexcept { return state_ != nullptr; }

    /// The subscription's number in its manager or broker, from 1.
    std::uint64_t id() const noexcept;

    const executor_type& get_executor() const noexcept;

    /// Completes with the next event.
    ///
    /// Signature: `void(error_code, frame)`, on the handler's associated executor, else on
    /// `get_executor()`.
    /// Errors: `errc::closed` once it is closed or the manager is shut down, and everything was
    /// read; `errc::overflow` if the queue was full and the policy is to disconnect;
    /// `errc::already_waiting` while another receive is pending;
    /// `boost::system::errc::not_enough_memory`, after which another receive may succeed.
    /// Cancellation: total; no event is lost.
    template <class Token = boost::asio::deferred_t>
    auto async_receive(Token&& token = Token{}) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, frame)>(
            detail::begin_receive<detail::subscription_state>{state_}, token);
    }

    /// Takes the next event if there is one.
    std::optional<frame> try_receive();

    /// Completes when there may be something to read. Then call `try_receive` until it returns
    /// none. See `signal::async_wait`.
    template <class Token = boost::asio::deferred_t>
    auto async_wait(Token&& token = Token{}) {
        return get_signal().async_wait(std::forward<Token>(token));
    }

    /// The wake-up itself, for `stream_writer::wait`.
    signal& get_signal() noexcept;

    /// How many events and gaps wait in the queue. Events that are still to be read back from a
    /// history are not counted.
    std::size_t pending() const noexcept;

    /// How many events were dropped.
    std::uint64_t dropped() const noexcept;

    /// Ends the subscription: pending operations complete with `errc::closed`. Events published
    /// before stay readable. Idempotent.
    void close() noexcept;

private:
    friend class manager;

    explicit subscription(std::shared_ptr<detail::subscription_state> state) noexcept
        : state_{std::move(state)} {}

    std::shared_ptr<detail::subscription_state> state_;
};

} // namespace crier
