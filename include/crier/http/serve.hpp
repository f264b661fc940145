#pragma once

#include <crier/export.hpp>
#include <crier/http/cors.hpp>
#include <crier/http/end_reason.hpp>
#include <crier/http/make_sink.hpp>
#include <crier/http/request_head.hpp>
#include <crier/http/sink.hpp>
#include <crier/http/stream_counts.hpp>
#include <crier/http/topics.hpp>
#include <crier/pubsub/manager.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace crier {

/// As with all options, designated initialisers stand in the order of the members.
struct serve_options {
    /// The stream's topic. Empty: `topic_of(request)`, unless there are `topics`.
    std::string topic{};
    /// As `topic_options::polling`.
    std::shared_ptr<polling_service> polling{};
    /// As `topic_options::only_changes`.
    bool only_changes = false;
    /// Several topics on one stream; the three members above are then ignored. A page tells topics
    /// apart by the types of their events.
    std::vector<topic_options> topics{};
    /// As `subscribe_options::queue`.
    std::optional<queue_limits> queue{};
    /// Called when events are missing. The events that it returns are sent in the gap's place, such
    /// as a snapshot of the present state. If it returns none, or throws, which is logged, the
    /// gap's own event is sent; `to_event` makes that, to send both. The last event gets the gap's
    /// id unless it has one. While it runs, the stream's events wait in the queue and no heartbeats
    /// are sent, so it should be quick. It is cancelled with the session.
    std::function<boost::asio::awaitable<std::vector<event>>(const gap&)> on_gap{};
    /// Which pages of other origins may read the stream or the refusal.
    cors_options cors{};
    /// How long a client waits before it reconnects, sent at the beginning of the stream; not
    /// negative, and below 2^31 ms. None: the client's default.
    std::optional<std::chrono::milliseconds> retry{};
    /// How many bytes the kernel may buffer for a client that does not take them; it has bounds of
    /// its own, of which the least is about 4 KB. What is there can be conflated no more, so that a
    /// few KB keep a slow client's state fresh; large events to distant clients need more. The
    /// client's system buffers as well, as much as that likes.
    std::size_t send_buffer = std::size_t{64} * 1024;
    /// Further fields of the stream's header. They replace crier's own `Cache-Control`,
    /// `Incremental`, `X-Accel-Buffering` and `X-Content-Type-Options`. `Date` and those that
    /// say how the body is read, such as `Content-Type` and `Connection`, are refused.
    response_fields fields{};
};

/// Errors: throws `std::invalid_argument` on options that make no sense; its message says what
/// would be right.
CRIER_EXPORT void check_options(const serve_options& options);

/// Makes the sink of a stream. It is called on the session's executor, which it is given; the
/// sink's handlers must run there.
using sink_maker = std::function<std::shared_ptr<sink>(const boost::asio::any_io_executor&)>;

namespace detail {

CRIER_EXPORT boost::asio::awaitable<end_reason> serve(const request_head& head, sink_maker make,
    std::shared_ptr<manager_state> events, serve_options options);

struct manager_access {
    static const std::shared_ptr<manager_state>& state_of(const manager& of) { return of.state_; }
};

} // namespace detail

/// Answers a request with a stream of events. Completes when the stream has ended, with the reason;
/// the caller then closes the connection.
///
/// It subscribes, resumes after the request's last event id, and writes the header, events and
/// heartbeats. A request that `check_framing`, `check_stream_request`, `topic_of` or the manager
/// refuses is answered with 4xx or 503, and gives `end_reason::refused`, as does one whose
/// subscription fails otherwise, as where `topic_rule::source` throws: it is answered with 500, and
/// what was thrown is thrown on. If origins are allowed, a
/// preflight is answered with 204 and gives `end_reason::preflight`, or is refused with 403. HEAD
/// is answered with the header alone and gives `end_reason::head`. Refusals are plain text, or
/// problem details in JSON (RFC 9457) where `Accept` prefers JSON. Sockets get `TCP_NODELAY`, the
/// `send_buffer`, and the heartbeat interval as `TCP_USER_TIMEOUT`; a `tcp_stream`'s own deadline
/// is switched off.
///
///     crier::serve_options options{.topic = "prices"};
///     co_await crier::serve(stream, request, manager, std::move(options));
///
/// Errors: throws those of `check_options`, before anything is sent.
/// Cancellation: terminal; the end of the body is sent if the socket takes it at once.
/// Thread safety: the caller's coroutine may run on any executor. The stream is used on the context
/// of that executor if `promise_single_thread` was called for it, and on the manager's strand
/// otherwise; nothing else may use it until this completes.
/// Lifetime: the stream must outlive it; the request and the manager need not. With GCC 12, name
/// the options first, as in the example: that compiler destroys a braced temporary beside
/// `co_await` twice.
template <class Stream, class Body, class Fields>
boost::asio::awaitable<end_reason> serve(Stream& stream,
    const boost::beast::http::request<Body, Fields>& request, manager& events,
    serve_options options) {
    return detail::serve(
        head_of(request),
        [&stream](
            const boost::asio::any_io_executor& executor) { return make_sink(stream, executor); },
        detail::manager_access::state_of(events), std::move(options));
}

/// The same over a sink of the caller's own, for a stream that is not Asio's. The head's texts are
/// not used any more once this has returned the awaitable.
CRIER_EXPORT boost::asio::awaitable<end_reason> serve(
    sink_maker make, const request_head& request, manager& events, serve_options options);

/// The same with default options. It is no default argument, which GCC 12 would destroy twice.
template <class Stream, class Body, class Fields>
boost::asio::awaitable<end_reason> serve(
    Stream& stream, const boost::beast::http::request<Body, Fields>& request, manager& events) {
    return serve(stream, request, events, serve_options{});
}

} // namespace crier
