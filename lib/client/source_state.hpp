#pragma once

#include <crier/client/detail/receive_queue.hpp>
#include <crier/client/options.hpp>

#include "ending.hpp"
#include "flow.hpp"

#include <boost/asio/any_io_executor.hpp>
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
        return queue_->get_executor();
    }
    ready_state state() const noexcept { return state_; }
    const std::string& last_event_id() const noexcept { return queue_->last_event_id(); }

    const std::shared_ptr<receive_queue>& queue() const noexcept { return queue_; }

    // For the owner:

    /// Begins the coroutine, which is cancelled by `close` and `reconnect`.
    void start(flow<void> reading);
    /// Needs no memory.
    void close() noexcept;
    void reconnect();
    /// Closes it without telling anybody but who receives. Needs no memory.
    void abandon() noexcept;

    // For the coroutine:

    /// What `reconnect` has asked for until now is done.
    void begin_attempt() noexcept { at_once_ = false; }
    /// Whether `reconnect` was called since.
    bool reconnects_at_once() const noexcept { return at_once_; }
    /// Tells of a stream that has come or gone.
    void change(const state_change& to);
    /// Closes it, unless it is closed. Who receives is not woken yet.
    void finish(const ending& why);
    void finish(std::exception_ptr why, std::string_view message) noexcept;
    /// The same, for what a callback has thrown that the coroutine has not called: ends what that
    /// awaits.
    void fail(std::exception_ptr thrown) noexcept;
    /// The coroutine is over, or was destroyed: Asio does so where a wait finds no memory to begin.
    void leave() noexcept;

private:
    void finish(std::exception_ptr why, boost::system::error_code error,
        const state_change& closed) noexcept;
    void stop_waiting() noexcept;
    void announce(const state_change& change) const;

    std::shared_ptr<const std::function<void(const state_change&)>> observe_;
    ready_state state_ = ready_state::connecting;
    bool at_once_ = false;
    // Made before they are needed: leaving must need no memory.
    const std::exception_ptr closed_;
    const state_change closed_by_program_;
    const std::exception_ptr out_of_memory_;
    const own_executor canceller_;
    const std::shared_ptr<receive_queue> queue_;
    boost::asio::cancellation_signal cancellation_;
};

} // namespace crier::detail
