#pragma once

#include <crier/async/detail/begin_receive.hpp>
#include <crier/client/detail/receive_queue.hpp>
#include <crier/client/options.hpp>
#include <crier/export.hpp>
#include <crier/wire/event.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/error_code.hpp>

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
/// It follows redirects, but each reconnection begins at the first URL again, or at that of
/// `on_connect`, after 301 and 308 too: who balances load may lead it elsewhere each time.
///
/// Where an allocation fails, it goes on, or it closes with an error that equals
/// `boost::system::errc::not_enough_memory`. That is best effort on executors other than
/// `io_context`'s: a strand that finds no memory to go on ends the process, or never runs again.
/// The caller's own coroutines, `on_connect` among them, end the process where Asio finds no memory
/// to begin or to destroy them.
///
/// Thread safety: `async_receive` from any executor. All else, and the callbacks, belong to the
/// executor, which must run one handler at a time: a strand, or a context with one thread.
/// Lifetime: the executor's context must outlive it. Destroying it closes it, calls no callback,
/// and completes a pending receive with `operation_aborted`. After a move from it, only
/// destruction, assignment and `valid()` are allowed.
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

    /// False if it was moved from.
    bool valid() const noexcept { return state_ != nullptr; }

    const executor_type& get_executor() const noexcept;

    /// Completes with the next event. One receiver at a time.
    ///
    /// Signature: `void(error_code, event)`, on the handler's associated executor, else on
    /// `get_executor()`.
    /// Errors: `operation_aborted` after `close`; `errc::already_waiting` while another receive
    /// is pending. Once the stream has ended for good and all events were taken, the error of
    /// `state_change::reason`: for a callback that has thrown, the code of its `system_error`, else
    /// `errc::callback_failed`; one that equals `boost::system::errc::not_enough_memory` if memory
    /// ran out. A source that resumes after `last_event_id()` then misses nothing. Throws
    /// `std::bad_alloc` if there is no memory to begin.
    /// Cancellation: total; the connection stays, and no event is lost.
    template <class Token = boost::asio::deferred_t>
    auto async_receive(Token&& token = Token{}) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, event)>(
            detail::begin_receive<detail::receive_queue>{queue()}, token);
    }

    /// Completes with the next event, as `async_receive` does.
    ///
    /// Not to be joined to a timer by `||` of Asio's `awaitable_operators`: that waits for the
    /// first *success*, and says nothing of an error while the timer runs. A deadline is one line
    /// with the error as a value:
    ///
    ///     using namespace boost::asio::experimental::awaitable_operators;
    ///     constexpr auto as_value = boost::asio::as_tuple(boost::asio::use_awaitable);
    ///     boost::asio::steady_timer deadline{co_await boost::asio::this_coro::executor, 5s};
    ///     auto first = co_await (source.async_receive(as_value) || deadline.async_wait(as_value));
    ///     if (first.index() == 1) {
    ///         co_return std::nullopt; // the time is over; the next receive gets the event
    ///     }
    ///     auto [error, next] = std::get<0>(std::move(first));
    ///
    /// Errors: throws those of `async_receive` as `system_error`, with a message about why the
    /// stream ended; what a callback has thrown, as it was thrown; `std::bad_alloc` if memory ran
    /// out.
    /// Cancellation: terminal and partial; the connection stays, and no event is lost.
    boost::asio::awaitable<event> receive();

    /// Ends the source: closes the connection, ends a pending receive, and drops events that were
    /// not taken. `on_state_change` is told of `closed_by_program` before this returns. Idempotent.
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
    const std::shared_ptr<detail::receive_queue>& queue() const noexcept;

    std::shared_ptr<detail::source_state> state_;
};

} // namespace crier
