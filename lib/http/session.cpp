#include <crier/http/serve.hpp>
#include <crier/pubsub/single_thread.hpp>
#include <crier/wire/errc.hpp>

#include "pubsub/core.hpp"
#include "pubsub/run_on.hpp"
#include "pubsub/what.hpp"
#include "response.hpp"
#include "stream_state.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <array>

namespace crier::detail {

namespace asio = boost::asio;

struct subscription_access {
    static subscriber& state_of(subscription& of) noexcept { return *of.state_; }
    static void read_on(subscription& of) { of.owner_->read_on(of.home_, of.state_); }
};

namespace {

using gap_handler = decltype(serve_options::on_gap);

/// How many frames go into one write.
constexpr std::size_t most_frames = 64;

end_reason reason_of(const boost::system::error_code& error) {
    return error == errc::client_left              ? end_reason::client_left
         : error == errc::stalled                  ? end_reason::stalled
         : error == errc::shut_down                ? end_reason::shutdown
         : error == errc::closed                   ? end_reason::finished
         : error == errc::overflow                 ? end_reason::overflow
         : error == asio::error::operation_aborted ? end_reason::cancelled
                                                   : end_reason::write_error;
}

/// Writes of the backlog what the sink takes at once.
void flush(stream_state& out, backlog& pending) {
    std::array<asio::const_buffer, most_frames> buffers;
    while (!pending.empty()) {
        const std::size_t filled = pending.gather(buffers, out.get_coding());
        if (filled == 0) {
            return;
        }
        const std::size_t written = out.write_some(std::span{buffers}.first(filled));
        if (written == 0) {
            pending.pin(out.in_flight());
            return;
        }
        pending.advance(written, out.get_coding());
    }
}

/// Puts in a gap's place what the caller has for it.
asio::awaitable<void> heal(backlog& pending, const gap_handler& on_gap, const core& events) {
    const gap lost = *pending.front_gap();
    std::vector<frame> frames;
    // More may be lost meanwhile, which is told later.
    pending.pin(1);
    try {
        asio::awaitable<std::vector<event>> asked = on_gap(lost);
        std::vector<event> instead = co_await std::move(asked);
        if (instead.empty()) {
            instead.push_back(to_event(lost));
        }
        if (instead.back().id.empty()) {
            instead.back().id = to_string(lost.to);
        }
        for (const event& each : instead) {
            frames.push_back(make_frame(each).value());
        }
    } catch (...) {
        events.log(severity::error, "on_gap failed: " + what(std::current_exception()));
        frames.assign(1, make_frame(to_event(lost)).value());
    }
    pending.pin(0);
    pending.replace_front_gap(frames);
}

/// Sends what the subscriber gets, and heartbeats, until the returned error ends it.
asio::awaitable<boost::system::error_code> deliver(
    stream_state& out, subscription& source, const gap_handler& on_gap, const core& events) {
    subscriber& from = subscription_access::state_of(source);
    bool closed = false;
    clock::time_point give_up = clock::time_point::max();
    if (on_gap) {
        from.pending.hold_gaps();
    }
    while (true) {
        const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
        if (cancelled != asio::cancellation_type::none) {
            co_return make_error_code(asio::error::operation_aborted);
        }
        flush(out, from.pending);
        if (const auto failed = out.failure()) {
            co_return failed;
        }
        if (from.pending.overflowed()) {
            co_return make_error_code(errc::overflow);
        }
        if (on_gap && !from.pending.empty() && from.pending.front_gap() != nullptr) {
            asio::awaitable<void> healing = heal(from.pending, on_gap, events);
            co_await std::move(healing);
            continue;
        }
        if (from.pending.empty() && from.is_behind && !(closed && !from.shut_down)) {
            subscription_access::read_on(source);
            // Others have their turn before the next piece.
            const asio::any_io_executor executor = co_await asio::this_coro::executor;
            co_await asio::post(executor, asio::deferred);
            continue;
        }
        if (from.pending.empty() && closed) {
            co_return make_error_code(from.shut_down ? errc::shut_down : errc::closed);
        }
        if (from.pending.empty() && out.heartbeat_due()) {
            from.pending.append(entry_ptr{new entry{events.heartbeat()}});
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

asio::awaitable<end_reason> stream_events(std::shared_ptr<stream_state> out, subscription source,
    gap_handler on_gap, std::shared_ptr<core> events) {
    subscriber& from = subscription_access::state_of(source);
    boost::system::error_code end;
    try {
        out->begin();
        co_await out->write_all(stream_header(out->get_coding()));
        asio::awaitable<boost::system::error_code> delivering =
            deliver(*out, source, on_gap, *events);
        end = co_await std::move(delivering);
        const end_reason reason = reason_of(end);
        if (reason == end_reason::shutdown || reason == end_reason::finished ||
            reason == end_reason::cancelled || reason == end_reason::overflow) {
            const bool waits = reason == end_reason::shutdown || reason == end_reason::finished;
            co_await end_body(*out, from.pending, waits);
        }
    } catch (const boost::system::system_error& error) {
        end = error.code();
    }
    source.unsubscribe();
    co_await out->close();
    co_return reason_of(end);
}

asio::awaitable<end_reason> refuse(
    std::shared_ptr<stream_state> out, refusal refused, bool with_body) {
    // Until the last handler is gone: a write may still be on its way when it is given up.
    std::string response = refusal_response(refused);
    if (!with_body) {
        response.resize(response.find("\r\n\r\n") + 4);
    }
    try {
        co_await out->write_all(response);
    } catch (const boost::system::system_error&) { // NOLINT(bugprone-empty-catch)
        // Whoever does not take the answer is refused all the same.
    }
    co_await out->close();
    co_return end_reason::refused;
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
    std::optional<refusal> refused = check_framing(head);
    if (!refused) {
        refused = check_stream_request(head);
    }
    std::vector<topic_options> topics = topics_of(head, options);
    if (!refused && topics.size() > events->options().topics_limit) {
        refused = refusal{400, "too many topics"};
    }
    std::optional<subscription> source;
    try {
        if (!refused) {
            subscribe_options where;
            where.executor = home;
            where.queue = options.queue;
            where.last_event_id = last_event_id_of(head);
            source.emplace(events->subscribe(std::move(topics), where));
        }
    } catch (const boost::system::system_error&) {
        refused = refusal{503, "shutting down"};
    }
    if (refused) {
        events->session_refused();
        co_return co_await refuse(std::move(out), *refused, head.method != "HEAD");
    }
    counted session{*events};
    asio::awaitable<end_reason> streaming =
        stream_events(std::move(out), std::move(*source), std::move(options.on_gap), events);
    session.reason = co_await std::move(streaming);
    co_return session.reason;
}

} // namespace

asio::awaitable<end_reason> serve(
    request_head head, sink_maker make, std::shared_ptr<core> events, serve_options options) {
    const asio::any_io_executor caller = co_await asio::this_coro::executor;
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
