#pragma once

#include <crier/async/signal.hpp>
#include <crier/export.hpp>
#include <crier/wire/frame.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace crier {

namespace detail {
class core;
class shard;
struct channel;
} // namespace detail

/// One subscriber's own channel: the events that it has still to read, oldest first.
///
/// It belongs to one executor, that of its manager's or broker's strand unless another was given.
/// When it is full, it misses what its limits say, which is counted and told: where events are
/// missing, a frame of type "crier.gap" stands in their place.
///
/// Thread safety: `receive` and `unsubscribe` from any executor, the rest on `get_executor()`; one
/// reader at a time.
/// Lifetime: may outlive its manager or broker, and is closed then. Destroying it unsubscribes.
class CRIER_EXPORT subscription {
public:
    using executor_type = boost::asio::any_io_executor;

    subscription(subscription&&) noexcept = default;
    subscription& operator=(subscription&& other) noexcept;
    ~subscription();

    /// Numbered from 1 in its manager or broker.
    std::uint64_t id() const noexcept;

    const executor_type& get_executor() const noexcept;

    /// Takes the next event; completes at once if there is one.
    ///
    /// Errors: throws `errc::closed` once unsubscribed or shut down, and all was read;
    /// `errc::overflow` where too much waited and the policy is to disconnect.
    /// Cancellation: terminal and partial; no event is lost by it, unless `||` drops one that was
    /// taken on another executor than the caller's.
    boost::asio::awaitable<frame> receive();

    /// Takes the next event if there is one.
    std::optional<frame> try_receive();

    /// Completes when there may be something to read. See `signal::async_wait`.
    template <class Token>
    auto async_wait(Token&& token) {
        return get_signal().async_wait(std::forward<Token>(token));
    }

    /// The wake-up itself, for `stream_writer::wait`.
    signal& get_signal() noexcept;

    /// How many events and gaps wait to be read, but for those that are read back.
    std::size_t pending() const noexcept;

    /// How many events it missed.
    std::uint64_t dropped() const noexcept;

    /// Ends the subscription: a pending wait completes with `errc::closed`; what was published
    /// before stays readable. Idempotent.
    void unsubscribe();

private:
    friend class detail::core;

    subscription(std::shared_ptr<detail::core> owner, std::shared_ptr<detail::shard> home,
        std::shared_ptr<detail::channel> state);

    boost::asio::awaitable<frame> receive_here();

    std::shared_ptr<detail::core> owner_;
    std::shared_ptr<detail::shard> home_;
    std::shared_ptr<detail::channel> state_;
};

} // namespace crier
