#pragma once

#include <crier/async/detail/channel_state.hpp>
#include <crier/async/signal.hpp>
#include <crier/wire/errc.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace crier {

/// Values on their way from other threads to a coroutine, oldest first. So many may wait; a thread
/// that sends more waits for room. Either side learns that the other has gone.
///
///     std::jthread worker; // is joined after the channel has gone, which ends its work
///     crier::channel<std::string> tokens{executor, 16};
///     worker = std::jthread{[to = tokens.make_sender()] {
///         bool is_wanted = true;
///         while (is_wanted) {
///             is_wanted = to.send(next_token());
///         }
///     }};
///     const std::optional<std::string> first = co_await tokens.receive();
///
/// To join the thread blocks the executor until it has seen that the channel is gone. Where that
/// may take long, as in a handler of a server, let threads outlive the coroutine, such as those of
/// a pool.
///
/// Thread safety: belongs to the executor, which runs one handler at a time, but for `close`, which
/// any thread may call. Senders: see there.
/// Lifetime: destroying it closes it, also while a receive is pending. Its executor's context must
/// outlive it; senders may outlive both.
template <class T>
class channel {
public:
    using executor_type = boost::asio::any_io_executor;
    class sender;

    /// At most `limit` values wait.
    /// Errors: throws `std::invalid_argument` on a limit of 0.
    channel(const executor_type& executor, std::size_t limit)
        : ready_{executor}, state_{std::make_shared<detail::channel_state<T>>(ready_, limit)} {}
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;
    ~channel() { close(); }

    const executor_type& get_executor() const noexcept { return ready_.get_executor(); }

    /// Makes a sender. Once there was one and the last has gone, nothing more comes: what is made
    /// then sends nothing.
    sender make_sender() { return sender{state_}; }

    /// Takes the next value if there is one.
    std::optional<T> try_receive() { return state_->take(); }

    /// Completes with the next value, and with none once the senders have gone, or the channel is
    /// closed, and all was read.
    ///
    /// Errors: throws `errc::already_waiting` while another wait is pending.
    /// Cancellation: terminal; no value is lost while it waits.
    boost::asio::awaitable<std::optional<T>> receive() { return receive_from(state_); }

    /// The wake-up itself, for `stream_writer::wait`. Once it is set or closed, call `try_receive`
    /// until it returns none.
    signal& get_signal() noexcept { return ready_; }

    /// Whether it was closed, rather than left by its senders.
    bool is_closed() const noexcept { return state_->ready() == nullptr; }

    /// Ends the channel: drops what waits, and senders are told that nothing is wanted any more. A
    /// pending receive completes with none, on the executor perhaps before this returns.
    /// Idempotent.
    void close() noexcept { state_->end_reading(); }

private:
    // The channel may go while this waits.
    static boost::asio::awaitable<std::optional<T>> receive_from(
        std::shared_ptr<detail::channel_state<T>> state) {
        boost::system::error_code error;
        while (true) {
            std::optional<T> next = state->take();
            signal* const ready = state->ready();
            if (next || error || ready == nullptr) {
                co_return next;
            }
            co_await ready->async_wait(
                boost::asio::redirect_error(boost::asio::use_awaitable, error));
            if (error && error != errc::closed) {
                throw boost::system::system_error{error};
            }
        }
    }

    signal ready_;
    const std::shared_ptr<detail::channel_state<T>> state_;
};

/// What gives a channel its values. Copies are senders of their own.
///
/// Thread safety: any thread; each of them one thread at a time.
/// Lifetime: may outlive its channel and the channel's context. After a move from it, only
/// destruction and assignment are allowed.
template <class T>
class channel<T>::sender {
public:
    /// Sends a value, and waits for room where there is none: not on the channel's executor, which
    /// makes that room. False: the channel is closed, and nothing more is wanted.
    ///
    /// Errors: throws what a move of the value throws, and `std::bad_alloc`; then nothing is sent.
    bool send(T value) const { return to_->state->add(value, true); }

    /// Sends a value, unless there is no room or the channel is closed. Returns whether it did.
    ///
    /// Errors: as those of `send`.
    bool try_send(T value) const { return to_->state->add(value, false); }

    /// Whether the channel is open. If not, nothing is sent.
    bool is_wanted() const noexcept { return to_->state->is_open(); }

private:
    friend class channel;

    /// That senders are there. It goes with the last of them.
    struct presence {
        explicit presence(std::shared_ptr<detail::channel_state<T>> of) : state{std::move(of)} {
            state->begin_sending();
        }
        presence(const presence&) = delete;
        presence& operator=(const presence&) = delete;
        ~presence() { state->end_sending(); }

        const std::shared_ptr<detail::channel_state<T>> state;
    };

    explicit sender(const std::shared_ptr<detail::channel_state<T>>& to)
        : to_{std::make_shared<const presence>(to)} {}

    std::shared_ptr<const presence> to_;
};

} // namespace crier
