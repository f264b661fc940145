#pragma once

#include <crier/client/options.hpp>
#include <crier/wire/event.hpp>

#include "ending.hpp"
#include "flow.hpp"
#include "receive_queue.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace crier::detail {

/// Behind an `event_source`: what its owner and the coroutine that reads its stream share.
class source_state : public std::enable_shared_from_this<source_state> {
public:
    /// Takes `on_state_change` out of the options: it goes as soon as it is forgotten.
    source_state(const boost::asio::any_io_executor& executor, event_source_options& options);

    const boost::asio::any_io_executor& get_executor() const noexcept {
        return queue_.get_executor();
    }
    ready_state state() const noexcept { return state_; }
    const std::string& last_event_id() const noexcept { return queue_.last_event_id(); }

    // For the owner:

    /// Begins the coroutine, which is cancelled by `close` and `reconnect`.
    void start(flow<void> reading);
    /// Needs no memory.
    void close() noexcept;
    void reconnect();
    /// Nobody observes any more what becomes of the stream.
    void forget_observers() noexcept { observe_.reset(); }
    static boost::asio::awaitable<event> receive(std::shared_ptr<source_state> from);

    // For the coroutine:

    receive_queue& queue() noexcept { return queue_; }
    /// What `reconnect` has asked for until now is done.
    void begin_attempt() noexcept { at_once_ = false; }
    /// Whether `reconnect` was called since.
    bool reconnects_at_once() const noexcept { return at_once_; }
    /// Tells of a stream that has come or gone.
    void change(const state_change& to);
    /// Closes it, unless it is closed. Who receives is not woken yet.
    void finish(const ending& why);
    void finish(std::exception_ptr why, boost::system::error_code reason,
        std::string_view message) noexcept;
    /// The coroutine is over, or was destroyed: Asio does so where a wait finds no memory to begin.
    void leave() noexcept;

private:
    void announce(const state_change& change) const;

    std::shared_ptr<const std::function<void(const state_change&)>> observe_;
    ready_state state_ = ready_state::connecting;
    bool at_once_ = false;
    // Made before they are needed: leaving must need no memory.
    const std::exception_ptr closed_;
    const std::exception_ptr out_of_memory_;
    const flow_executor canceller_;
    receive_queue queue_;
    boost::asio::cancellation_signal cancellation_;
};

} // namespace crier::detail
