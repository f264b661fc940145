#pragma once

#include <crier/export.hpp>
#include <crier/http/cors.hpp>
#include <crier/http/end_reason.hpp>
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

struct serve_options {
    /// The stream's topic; empty: `topic_of(request)`, unless there are `topics`.
    std::string topic{};
    /// Started with the topic's first subscriber; passed over where the topic runs already.
    std::shared_ptr<polling_service> polling{};
    /// As `topic_options::only_changes`.
    bool only_changes = false;
    /// Several topics on one stream, in place of the three above. A page tells them apart by the
    /// type that their events are published with.
    std::vector<topic_options> topics{};
    /// As `subscribe_options::queue`.
    std::optional<queue_limits> queue{};
    /// Asked where events are missing; what it returns is sent in the gap's place, and nothing
    /// means the gap itself: a snapshot heals a client that gets it. `to_event` makes the gap's own
    /// event, for both. The last one gets the gap's id, unless it has one. What it throws is
    /// logged, and the gap is sent. Meanwhile events wait, and the session does nothing else: it
    /// should not take long. Cancelled with the session.
    std::function<boost::asio::awaitable<std::vector<event>>(const gap&)> on_gap{};
    /// Which pages of other origins may read the stream, or why there is none.
    cors_options cors{};
    /// How long a client is to wait before it connects again, told at the stream's beginning; below
    /// 2^31 ms. None: each client's own time.
    std::optional<std::chrono::milliseconds> retry{};
};

/// Errors: throws `std::invalid_argument` on options that make no sense, with what would be right.
CRIER_EXPORT void check_options(const serve_options& options);

/// Makes the sink of a stream, whose handlers belong to the executor.
using sink_maker = std::function<std::shared_ptr<sink>(const boost::asio::any_io_executor&)>;

namespace detail {

CRIER_EXPORT boost::asio::awaitable<end_reason> serve(const request_head& head, sink_maker make,
    std::shared_ptr<manager_state> events, serve_options options);

struct manager_access {
    static const std::shared_ptr<manager_state>& state_of(const manager& of) { return of.state_; }
};

} // namespace detail

/// Answers a request with a stream of a topic's events, until it ends for the reason returned.
///
/// Subscribes, from the request's last event id on, starts the polling, writes the header, then
/// events and heartbeats. What the gate, `topic_of` or the manager's state refuses is answered with
/// 4xx or 503 and `end_reason::refused`. Where origins are allowed, a preflight is answered with
/// 204 and `end_reason::preflight`, or refused with 403. After it the connection is to be closed. A
/// socket gets `TCP_NODELAY`, a send buffer of 64 KB, and the heartbeat interval as
/// `TCP_USER_TIMEOUT`.
///
///     crier::serve_options options{.topic = "prices"};
///     co_await crier::serve(stream, request, manager, std::move(options));
///
/// Errors: throws those of `check_options`, before anything is sent.
/// Cancellation: terminal; ends the stream properly where that takes no waiting.
/// Thread safety: the caller's coroutine may run on any executor. Where that is not one of a
/// context with `promise_single_thread`, the stream is used on the manager's strand meanwhile.
/// Lifetime: the stream must outlive it; request and manager need not. With GCC 12 options must be
/// a variable of their own, as in the example: a braced temporary in an expression with `co_await`
/// is destroyed twice.
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

/// The same over a sink of the caller's own.
CRIER_EXPORT boost::asio::awaitable<end_reason> serve(
    sink_maker make, const request_head& request, manager& events, serve_options options);

/// The same with default options: as a default argument they would be such a temporary.
template <class Stream, class Body, class Fields>
boost::asio::awaitable<end_reason> serve(
    Stream& stream, const boost::beast::http::request<Body, Fields>& request, manager& events) {
    return serve(stream, request, events, serve_options{});
}

} // namespace crier
