#pragma once

#include <crier/client/options.hpp>
#include <crier/export.hpp>
#include <crier/wire/event.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace crier {

namespace detail {
class source_state;
}

/// Reads an event stream over HTTP/1.1 and reconnects when it ends, as a browser's `EventSource`
/// does.
///
///     crier::event_source source{executor, "http://localhost:8080/events"};
///     while (true) {
///         crier::event next = co_await source.receive();
///         use(next);
///     }
///
/// It connects at once and reads by itself into a bounded queue. While the queue is full, nothing
/// is read from the connection. An event without a type has the type "message". Its id is the last
/// event id of the stream.
///
/// Where an allocation fails, it goes on, or it closes with `no_memory`. That is best effort on
/// executors other than `io_context`'s: a strand that finds no memory to go on ends the process, or
/// never runs again. The caller's own coroutines end the process where Asio finds no memory to
/// begin or to destroy them.
///
/// Thread safety: all members and callbacks belong to the executor, which must run one handler at a
/// time: a strand, or a context with one thread.
/// Lifetime: the executor's context must outlive it. Destroying it closes it.
/// Source: WHATWG HTML 9.2.
class CRIER_EXPORT event_source {
public:
    using executor_type = boost::asio::any_io_executor;

    /// Errors: throws `std::invalid_argument` on a URL that is not absolute or not `http` or
    /// `https`, and on options that make no sense; for `https`, `system_error` if the file of
    /// certificates cannot be read.
    event_source(const executor_type& executor, std::string_view url);
    event_source(const executor_type& executor, std::string_view url, event_source_options options);
    event_source(event_source&&) noexcept = default;
    event_source& operator=(event_source&& other) noexcept;
    ~event_source();

    const executor_type& get_executor() const noexcept;

    /// Returns the next event; completes at once if there is one. One receiver at a time.
    ///
    /// Errors: throws `operation_aborted` once it is closed; what a callback has thrown;
    /// `std::logic_error` while another `receive` is pending. Once the stream has ended for good
    /// and all events were taken, it throws the error of `state_change::reason`. If memory ran out,
    /// that is `std::bad_alloc`; a source that resumes after `last_event_id()` then misses nothing.
    /// Cancellation: terminal and partial; the connection stays, and no event is lost.
    boost::asio::awaitable<event> receive();

    /// Ends the source: closes the connection, ends a pending `receive`, and drops events that were
    /// not taken. Idempotent.
    void close() noexcept;

    /// Drops the present connection, or the wait for the next one, and connects at once. Does
    /// nothing once the source is closed.
    ///
    /// Errors: throws `std::bad_alloc`, and then nothing has changed.
    void reconnect();

    ready_state state() const noexcept;

    /// What the next connection will send as `Last-Event-ID`. It includes events that have not been
    /// taken yet.
    const std::string& last_event_id() const noexcept;

private:
    std::shared_ptr<detail::source_state> state_;
};

} // namespace crier
