#pragma once

#include <crier/async/clock.hpp>
#include <crier/async/signal.hpp>
#include <crier/export.hpp>
#include <crier/http/cors.hpp>
#include <crier/http/sink.hpp>
#include <crier/pubsub/logger.hpp>
#include <crier/wire/frame.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace crier {

struct writer_options {
    /// How long the stream may be silent before a heartbeat, and a write may last; zero or less
    /// means the default.
    std::chrono::milliseconds heartbeat_interval = std::chrono::seconds{30};
    /// The heartbeat's comment, and what follows it.
    std::string heartbeat_text{};
    comment_end heartbeat_end = comment_end::blank_line;
    /// Told of events that cannot be encoded.
    logger log = log_to_clog;
    /// Further fields of the response's header, such as `cors_fields`.
    response_fields fields{};
};

/// The parts of a stream, for handlers of one's own: headers, events and heartbeats, each written
/// within the heartbeat interval or not at all.
///
///     crier::stream_writer out{stream, request.version(), co_await this_coro::executor};
///     co_await out.write_headers();
///     while (co_await out.wait(changed)) { co_await out.write(next_event()); }
///     co_await out.finish();
///
/// Errors: all flows throw `errc::client_left` once the client has gone, `errc::stalled` when it
/// took nothing for the interval, or what the stream's write gave.
/// Cancellation: terminal and partial; the stream is then to be closed.
/// Thread safety: one executor at a time, which runs one handler at a time.
/// Lifetime: the stream must outlive the writer. What throws for the stream's sake leaves nothing
/// behind that uses the stream; where something else ends the handler, and the stream is no socket,
/// await `finish` first.
class CRIER_EXPORT stream_writer {
public:
    /// `version` is the request's, as Beast gives it: chunked from 11 on, else ended by closing.
    template <class Stream>
    stream_writer(Stream& stream, unsigned version, const boost::asio::any_io_executor& executor,
        const writer_options& options)
        : stream_writer{make_sink(stream, executor), version, executor, options} {}

    /// The same with default options, which as a default argument GCC 12 would destroy twice in an
    /// expression with `co_await`.
    template <class Stream>
    stream_writer(Stream& stream, unsigned version, const boost::asio::any_io_executor& executor)
        : stream_writer{stream, version, executor, writer_options{}} {}

    /// Errors: throws `std::invalid_argument` on a heartbeat text that is not UTF-8, and on fields
    /// that cannot stand in a header.
    stream_writer(std::shared_ptr<sink> to, unsigned version,
        const boost::asio::any_io_executor& executor, const writer_options& options);
    stream_writer(const stream_writer&) = delete;
    stream_writer& operator=(const stream_writer&) = delete;
    ~stream_writer();

    /// Writes the status line and the header of an event stream.
    boost::asio::awaitable<void> write_headers();

    /// Writes an event. One that cannot be encoded is logged and skipped: the stream lives.
    boost::asio::awaitable<void> write(const event_view& event);

    /// Writes what was encoded before, as a subscription gives it.
    boost::asio::awaitable<void> write(frame encoded);

    boost::asio::awaitable<void> write_heartbeat();

    /// Waits for the signal, whose executor must be the writer's, and writes heartbeats meanwhile.
    /// False: the signal was closed.
    boost::asio::awaitable<bool> wait(signal& on);

    /// Ends the stream as HTTP wants it, and lets go of the connection, which is to be closed.
    boost::asio::awaitable<void> finish();

private:
    struct parts;

    std::shared_ptr<parts> parts_;
};

} // namespace crier
