#pragma once

#include <crier/async/signal.hpp>
#include <crier/wire/event.hpp>

#include "flow.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <string>
#include <utility>

namespace crier::detail {

/// What waits between the coroutine that reads a stream and the one that receives its events. Not
/// to be named as the subscribers' `event_queue`: who links both libraries statically has both.
class receive_queue {
public:
    receive_queue(const boost::asio::any_io_executor& executor, std::size_t most_events,
        std::size_t most_bytes);

    const boost::asio::any_io_executor& get_executor() const noexcept {
        return arrived_.get_executor();
    }

    /// Adds an event, or throws and adds nothing. Who receives is not woken yet.
    void add(const event_view& from);

    /// The id after which a stream resumes: that of the last event that was added, or one that came
    /// alone after it.
    const std::string& last_event_id() const noexcept { return last_event_id_; }
    void set_last_event_id(const std::string& id) { last_event_id_ = id; }

    /// Completes when there is room for another event.
    flow<void> wait_for_room();

    /// Takes the next event. Errors: throws `std::logic_error` where another one receives, and what
    /// `end` was given once all was taken. Lifetime: the queue must outlive it.
    boost::asio::awaitable<event> receive();

    /// Sets what `receive` throws once all was taken. It is not woken yet.
    void end(std::exception_ptr why) noexcept { end_ = std::move(why); }

    /// Resumes who receives, before it returns.
    void wake() { arrived_.set(); }

    /// Drops what was not taken, and makes a pending `receive` throw `operation_aborted`, but not
    /// before this returns.
    void abandon();

private:
    bool is_full() const noexcept;

    std::size_t most_events_;
    std::size_t most_bytes_;
    std::deque<event> events_;
    std::size_t bytes_ = 0;
    std::string last_event_id_;
    bool receiving_ = false;
    std::exception_ptr end_;
    signal arrived_;
    signal room_;
};

} // namespace crier::detail
