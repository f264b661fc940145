#pragma once

#include <crier/async/clock.hpp>
#include <crier/async/detail/with_result.hpp>
#include <crier/async/signal.hpp>
#include <crier/export.hpp>
#include <crier/http/cors.hpp>
#include <crier/http/make_sink.hpp>
#include <crier/http/sink.hpp>
#include <crier/pubsub/logger.hpp>
#include <crier/wire/event.hpp>
#include <crier/wire/frame.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/value_from.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace crier {

class exchange;

struct writer_options {
    /// How long the stream is silent before a heartbeat is sent, and how long a write may make no
    /// progress. Zero or less means the default, `milliseconds::max()` or more than 49 days never.
    std::chrono::milliseconds heartbeat_interval = std::chrono::seconds{30};
    /// As `manager_options::heartbeat_text` and the two after it.
    std::string heartbeat_text{};
    comment_end heartbeat_end = comment_end::blank_line;
    bool heartbeat_events = false;
    /// Told of events that cannot be encoded. Empty: `log_to_clog`.
    logger log = log_to_clog;
    /// Further fields of the response header, such as `cors_fields`. See `serve_options::fields`.
    response_fields fields{};
    /// As `serve_options::send_buffer`. A write waits, and slows whoever makes the events, only
    /// once this and the client's own buffers are full; those may take megabytes.
    std::size_t send_buffer = std::size_t{64} * 1024;
    /// Whether a writer of an exchange checks that the request asks for an event stream. If it does
    /// not, `write_headers` answers it with 4xx, and HEAD with the header alone, and then throws
    /// `errc::no_stream`. Off for a stream that answers a POST, say.
    bool checks_request = true;
};

/// Writes a stream by hand: headers, events, heartbeats.
///
///     crier::stream_writer out{stream, request.version(), co_await this_coro::executor};
///     co_await out.write_headers();
///     bool is_open = co_await out.wait(changed);
///     while (is_open) {
///         const crier::event next = next_event();
///         co_await out.write(next);
///         is_open = co_await out.wait(changed);
///     }
///     co_await out.finish();
///
/// Errors: all flows throw `errc::client_left` once the client has gone, `errc::stalled` if it
/// takes nothing for the heartbeat interval, and the errors of the stream's write; and
/// `errc::already_waiting` while another flow of the writer is pending, which goes on.
/// Cancellation: terminal and partial. A write that is cancelled ends the stream; a `wait` or
/// `while_connected` that is cancelled leaves it as it was.
/// Thread safety: one executor at a time, which runs one handler at a time.
/// Lifetime: the stream must outlive the writer. After a flow has thrown, nothing uses the stream
/// any more. A `wait` or `while_connected` that was cancelled, refused or ended by its work is the
/// exception. After that, and after no flow has thrown, await `finish` before the handler ends,
/// unless the stream is a socket.
class CRIER_EXPORT stream_writer {
public:
    /// `version` is the request's, as Beast gives it: for 11 the body is chunked, for 10 its end is
    /// the end of the connection.
    template <class Stream>
        requires(!std::convertible_to<Stream&, std::shared_ptr<sink>>)
    stream_writer(Stream& stream, unsigned version, const boost::asio::any_io_executor& executor,
        const writer_options& options)
        : stream_writer{make_sink(stream, executor), version, executor, options} {}

    /// The same with default options. They are no default argument, which GCC 12 would destroy
    /// twice.
    template <class Stream>
    stream_writer(Stream& stream, unsigned version, const boost::asio::any_io_executor& executor)
        : stream_writer{stream, version, executor, writer_options{}} {}

    /// The same over a sink.
    /// Errors: throws `std::invalid_argument` on a heartbeat text that is not UTF-8, and on fields
    /// that are not valid in a header.
    stream_writer(std::shared_ptr<sink> to, unsigned version,
        const boost::asio::any_io_executor& executor, const writer_options& options);
    stream_writer(const stream_writer&) = delete;
    stream_writer& operator=(const stream_writer&) = delete;
    ~stream_writer();

    /// Writes the status line and the header of an event stream.
    /// Errors: also throws `errc::no_stream` where the request got another answer.
    boost::asio::awaitable<void> write_headers();

    /// Writes an event. An event that cannot be encoded is logged and skipped.
    boost::asio::awaitable<void> write(const event_view& event);

    /// Writes text as the data of an event.
    boost::asio::awaitable<void> write(std::string_view text);

    /// Writes any value that `boost::json::value_from` takes as JSON, which is the data of an
    /// event. NaN and infinity become `null`.
    template <class T>
        requires(!std::convertible_to<const T&, std::string_view> &&
                 !std::convertible_to<const T&, event_view> &&
                 !std::convertible_to<const T&, frame> && boost::json::has_value_from<T>::value)
    boost::asio::awaitable<void> write(const T& value) {
        return write_json(boost::json::value_from(value));
    }

    /// Writes a frame, such as one from a subscription.
    boost::asio::awaitable<void> write(frame encoded);

    boost::asio::awaitable<void> write_heartbeat();

    /// Waits for the signal and writes heartbeats meanwhile. The signal's executor must be the
    /// writer's. Returns false if the signal was closed.
    ///
    /// Errors: also throws `errc::already_waiting` while another wait for the signal is pending.
    boost::asio::awaitable<bool> wait(signal& on);

    /// Runs a coroutine, such as one that computes the next event, and writes heartbeats meanwhile.
    /// Completes with its result, and rethrows what it throws.
    ///
    ///     const std::string text = co_await out.while_connected(compute_next());
    ///     co_await out.write(text);
    ///
    /// If the client leaves or stalls, the work is cancelled and its end is awaited; then this
    /// throws `errc::client_left` or `errc::stalled`, whatever the work ended with. The work runs
    /// on the caller's executor. It does not use the writer: for work that writes by itself, see
    /// `exchange::while_connected`.
    ///
    /// Cancellation: terminal and partial; the work gets a terminal one, and its end is awaited.
    template <class T>
    boost::asio::awaitable<T> while_connected(boost::asio::awaitable<T> work) {
        return detail::with_result(std::move(work), [this](boost::asio::awaitable<void> each) {
            return run_while_connected(std::move(each));
        });
    }

    /// Ends the stream: writes the end of the body, and stops using the connection. Close it
    /// afterwards. Idempotent.
    boost::asio::awaitable<void> finish();

private:
    friend class exchange;
    struct parts;

    /// `instead`, if not empty, is the whole response in place of a stream.
    stream_writer(std::shared_ptr<sink> to, unsigned version,
        const boost::asio::any_io_executor& executor, const writer_options& options,
        std::string instead);

    boost::asio::awaitable<void> write_json(const boost::json::value& value);
    boost::asio::awaitable<void> run_while_connected(boost::asio::awaitable<void> work);

    std::shared_ptr<parts> parts_;
};

} // namespace crier
