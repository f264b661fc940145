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

/// Reads an event stream over HTTP/1.1 and connects again whenever it ends, as the `EventSource` of
/// a browser does.
///
///     crier::event_source source{executor, "http://localhost:8080/events"};
///     while (true) {
///         crier::event next = co_await source.receive();
///         use(next);
///     }
///
/// It connects at once and reads on by itself; where nobody receives, a bounded queue fills, and
/// then nothing more is read from the connection. An event has the type "message" where the stream
/// names none, and as its id the last event id in force.
///
/// Thread safety: all of it, the callbacks too, belongs to the executor, which runs one handler at
/// a time: a strand, or a context with one thread. Lifetime: declare it after its `io_context`.
/// Destroying it is as good as `close`. Source: WHATWG HTML 9.2.
class CRIER_EXPORT event_source {
public:
    using executor_type = boost::asio::any_io_executor;

    /// Errors: throws `std::invalid_argument` on a URL that is not absolute, `http` or `https`, and
    /// on options that make no sense; for `https`, `system_error` on a file of certificates that
    /// cannot be read.
    event_source(executor_type executor, std::string_view url);
    event_source(executor_type executor, std::string_view url, event_source_options options);
    event_source(event_source&&) noexcept = default;
    event_source& operator=(event_source&& other) noexcept;
    ~event_source();

    const executor_type& get_executor() const noexcept;

    /// Takes the next event; completes at once if there is one. One receiver at a time.
    ///
    /// Errors: throws `operation_aborted` once closed; once the stream has ended for good and all
    /// was taken, why, as `state_change::reason` tells; what a callback has thrown; and
    /// `std::logic_error` where another one receives.
    /// Cancellation: terminal and partial; the connection goes on, and no event is lost by it.
    boost::asio::awaitable<event> receive();

    /// Ends the connection and a pending `receive`; what was not taken is dropped. Idempotent.
    void close();

    /// Leaves the present connection, or the wait for the next one, and connects at once. Does
    /// nothing after the end.
    void reconnect();

    ready_state state() const noexcept;

    /// What the next connection will send as `Last-Event-ID`. It runs ahead of events that have
    /// not been taken yet.
    const std::string& last_event_id() const noexcept;

private:
    std::shared_ptr<detail::source_state> state_;
};

} // namespace crier
