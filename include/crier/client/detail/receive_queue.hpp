#pragma once

#include <crier/async/detail/begin_receive.hpp>
#include <crier/async/detail/handler_memory.hpp>
#include <crier/async/detail/pending_wait.hpp>
#include <crier/async/signal.hpp>
#include <crier/export.hpp>
#include <crier/wire/event.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace crier::detail {

template <class Member>
class context_members;

/// What waits between the coroutine that reads a stream and the one that receives its events. Not
/// to be named as the subscribers' `event_queue`: who links both libraries statically has both.
///
/// Thread safety: a receive may begin and be cancelled on any executor. All else belongs to
/// `get_executor()`.
class CRIER_EXPORT receive_queue : public std::enable_shared_from_this<receive_queue>,
                                   public boost::intrusive::list_base_hook<> {
public:
    using executor_type = boost::asio::any_io_executor;
    using context_hook = boost::intrusive::list_base_hook<>;

    receive_queue(const executor_type& executor, std::size_t most_events, std::size_t most_bytes);
    receive_queue(const receive_queue&) = delete;
    receive_queue& operator=(const receive_queue&) = delete;
    ~receive_queue();

    const executor_type& get_executor() const noexcept { return taken_.get_executor(); }

    /// Adds an event, or throws and adds nothing. Who receives is not woken yet.
    void add(const event_view& from);

    /// The id after which a stream resumes: that of the last event that was added, or one that came
    /// alone after it.
    const std::string& last_event_id() const noexcept { return last_event_id_; }
    void set_last_event_id(const std::string& id) { last_event_id_ = id; }

    bool is_full() const noexcept;
    /// Set when an event was taken.
    signal& taken() noexcept { return taken_; }

    /// Sets what who receives is told once all was taken: an error, and what a flow throws for it.
    /// Nobody is woken yet.
    void end(std::exception_ptr why, boost::system::error_code error) noexcept;

    /// Wakes who receives, and resumes it before this returns if that runs on this executor.
    void wake();

    /// Drops what was not taken, and completes a pending receive with `operation_aborted`, but not
    /// before this returns.
    void abandon() noexcept;

    /// Takes the next event. Errors: throws those of `event_source::receive`.
    static boost::asio::awaitable<event> receive(std::shared_ptr<receive_queue> from);

    // For `begin_receive`:

    pending_wait<event>& pending_receive() noexcept { return *wait_; }
    void begin_receive();
    void cancel_receive() noexcept;
    /// Keeps the event that a cancelled receive did not take.
    void take_back() noexcept;

    /// Destroys who receives: its executor's context has gone.
    void context_gone() noexcept;

private:
    bool has_something_to_tell() const noexcept;
    void await_wake();
    void go_on();
    event take();
    void complete(boost::system::error_code error, event received = {});

    const std::size_t most_events_;
    const std::size_t most_bytes_;
    std::deque<event> events_;
    std::size_t bytes_ = 0;
    std::string last_event_id_;
    bool is_abandoned_ = false;
    std::exception_ptr end_;
    boost::system::error_code error_;
    signal taken_;

    context_members<receive_queue>* all_; ///< none once the context has gone
    const std::shared_ptr<pending_wait<event>> wait_ = std::make_shared<pending_wait<event>>();
    small_handler_memory beginning_;      ///< so that what completes has the wait's own
    std::atomic<bool> is_waiting_{false}; ///< whoever clears it completes the receive
    std::optional<event> returned_;       ///< by a cancelled receive; belongs to whoever receives
};

} // namespace crier::detail
