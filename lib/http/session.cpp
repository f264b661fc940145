#include <crier/http/serve.hpp>
#include <crier/pubsub/single_thread.hpp>
#include <crier/wire/errc.hpp>

#include "pubsub/core.hpp"
#include "pubsub/run_on.hpp"
#include "response.hpp"
#include "stream_state.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

namespace crier {

void check_options(const serve_options& options) {
    check_options(options.cors);
    if (options.retry && (options.retry->count() < 0 ||
                             options.retry->count() > std::numeric_limits<std::int32_t>::max())) {
        throw std::invalid_argument{make_error_code(errc::invalid_retry).message()};
    }
}

} // namespace crier

namespace crier::detail {

namespace asio = boost::asio;

struct subscription_access {
    static subscriber& state_of(subscription& of) noexcept { return *of.state_; }
};

namespace {

/// How many frames go into one write.
constexpr std::size_t most_frames = 64;

end_reason reason_of(const boost::system::error_code& error) {
    return error == errc::client_left              ? end_reason::client_left
         : error == errc::stalled                  ? end_reason::stalled
         : error == errc::shut_down                ? end_reason::shutdown
         : error == errc::closed                   ? end_reason::finished
         : error == asio::error::operation_aborted ? end_reason::cancelled
                                                   : end_reason::write_error;
}

/// Writes of the backlog what the sink takes at once.
void flush(stream_state& out, backlog& pending) {
    std::array<asio::const_buffer, most_frames> buffers;
    while (!pending.empty()) {
        const std::size_t filled = pending.gather(buffers, out.get_coding());
        const std::size_t written = out.write_some(std::span{buffers}.first(filled));
        if (written == 0) {
            return;
        }
        pending.advance(written, out.get_coding());
    }
}

/// Sends what the subscriber gets, and heartbeats, until the returned error ends it.
asio::awaitable<boost::system::error_code> deliver(
    stream_state& out, subscriber& from, const frame& heartbeat) {
    bool closed = false;
    clock::time_point give_up = clock::time_point::max();
    while (true) {
        const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
        if (cancelled != asio::cancellation_type::none) {
            co_return make_error_code(asio::error::operation_aborted);
        }
        flush(out, from.pending);
        if (const auto failed = out.failure()) {
            co_return failed;
        }
        if (from.pending.empty() && closed) {
            co_return make_error_code(from.shut_down ? errc::shut_down : errc::closed);
        }
        if (from.pending.empty() && out.heartbeat_due()) {
            from.pending.offer(entry_ptr{new entry{heartbeat}});
            continue;
        }
        if (closed) {
            // The subscriber's signal waits no more, but the last events are still on their way:
            // for one interval, however little of them a slow client takes at a time.
            if (clock::now() >= give_up) {
                co_return make_error_code(errc::stalled);
            }
            co_await out.wait_ready();
            continue;
        }
        out.arm_timer();
        const attachment attached{out, from.wake};
        const wait_result woken = co_await from.wake.async_wait_result(asio::deferred);
        if (woken.error == errc::closed) {
            closed = true;
            give_up = clock::now() + out.interval();
        }
    }
}

/// Ends the body, waiting for the client only where the stream was not cut.
asio::awaitable<void> end_body(stream_state& out, const backlog& pending, bool wait) {
    const std::string_view end = stream_end(out.get_coding());
    if (wait) {
        co_await out.write_all(end);
    } else if (!pending.is_partly_written()) {
        const asio::const_buffer bytes{end.data(), end.size()};
        out.write_some({&bytes, 1});
    }
}

asio::awaitable<end_reason> stream_events(std::shared_ptr<stream_state> out, std::string opening,
    subscription source, std::shared_ptr<core> events) {
    subscriber& from = subscription_access::state_of(source);
    boost::system::error_code end;
    try {
        out->begin();
        co_await out->write_all(opening);
        std::string{}.swap(opening);
        end = co_await deliver(*out, from, events->heartbeat());
        const end_reason reason = reason_of(end);
        if (reason == end_reason::shutdown || reason == end_reason::finished ||
            reason == end_reason::cancelled) {
            co_await end_body(*out, from.pending, reason != end_reason::cancelled);
        }
    } catch (const boost::system::system_error& error) {
        end = error.code();
    }
    source.unsubscribe();
    co_await out->close();
    co_return reason_of(end);
}

/// Sends an answer, which is kept until the last handler is gone: a write may still be on its way
/// when it is given up.
asio::awaitable<void> send(std::shared_ptr<stream_state> out, const answer& instead) {
    try {
        co_await out->write_all(instead.response);
    } catch (const boost::system::system_error&) { // NOLINT(bugprone-empty-catch)
        // Whoever does not take the answer gets no other.
    }
    co_await out->close();
}

std::vector<topic_options> topics_of(const request_head& head, serve_options& options) {
    if (!options.topics.empty()) {
        return std::move(options.topics);
    }
    std::vector<topic_options> topics(1);
    topics[0].name = options.topic.empty() ? topic_of(head) : std::move(options.topic);
    topics[0].polling = std::move(options.polling);
    topics[0].only_changes = options.only_changes;
    return topics;
}

/// Counts a session while it is open, and why it ended.
class counted {
public:
    explicit counted(core& in) : in_{in} { in_.session_begins(); }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { in_.session_ended(reason); }

    end_reason reason = end_reason::write_error;

private:
    core& in_;
};

/// All of a session, on the executor where its subscription lives.
asio::awaitable<end_reason> run_session(asio::any_io_executor home, request_head head,
    sink_maker make, std::shared_ptr<core> events, serve_options options) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto out = std::make_shared<stream_state>(
        make(home), coding_of(head.version), home, events->options().heartbeat_interval);
    std::optional<answer> instead = answer_instead(head, options.cors);
    std::optional<subscription> source;
    try {
        if (!instead) {
            subscribe_options where;
            where.executor = home;
            source.emplace(events->subscribe(topics_of(head, options), where));
        }
    } catch (const boost::system::system_error&) {
        instead = refuse({503, "shutting down"}, head, options.cors);
    }
    if (instead) {
        events->no_session(instead->reason);
        co_await send(std::move(out), *instead);
        co_return instead->reason;
    }
    std::string opening = stream_opening(out->get_coding(), head, options.cors, options.retry);
    options.cors = {}; // what follows may last for days
    counted session{*events};
    session.reason =
        co_await stream_events(std::move(out), std::move(opening), std::move(*source), events);
    co_return session.reason;
}

} // namespace

asio::awaitable<end_reason> serve(
    request_head head, sink_maker make, std::shared_ptr<core> events, serve_options options) {
    const asio::any_io_executor caller = co_await asio::this_coro::executor;
    check_options(options);
    asio::any_io_executor home = single_thread_executor(caller);
    if (!home) {
        home = events->get_executor();
    }
    // A coroutine of its own also where it stays: it ends in good order when it is cancelled, and
    // leaves the caller's cancellation as it was.
    asio::awaitable<end_reason> session =
        run_session(home, std::move(head), std::move(make), std::move(events), std::move(options));
    asio::awaitable<end_reason> there = run_on(home, std::move(session));
    co_return co_await std::move(there);
}

} // namespace crier::detail
