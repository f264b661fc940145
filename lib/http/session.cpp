#include <crier/http/serve.hpp>
#include <crier/pubsub/single_thread.hpp>
#include <crier/wire/errc.hpp>

#include "delivery.hpp"
#include "pubsub/run_on.hpp"
#include "response.hpp"
#include "stream_state.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

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

namespace {

end_reason reason_of(const boost::system::error_code& error) {
    return error == errc::client_left              ? end_reason::client_left
         : error == errc::stalled                  ? end_reason::stalled
         : error == errc::shut_down                ? end_reason::shutdown
         : error == errc::closed                   ? end_reason::finished
         : error == errc::overflow                 ? end_reason::overflow
         : error == asio::error::operation_aborted ? end_reason::cancelled
                                                   : end_reason::write_error;
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
    subscription source, gap_handler on_gap, std::shared_ptr<core> events) {
    const subscriber& from = subscription_access::state_of(source);
    boost::system::error_code end;
    try {
        out->begin();
        co_await out->write_all(opening);
        std::string{}.swap(opening);
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
    std::vector<topic_options> topics = topics_of(head, options);
    if (!instead && topics.size() > events->options().topics_limit) {
        instead = refuse({400, "too many topics"}, head, options.cors);
    }
    std::optional<subscription> source;
    try {
        if (!instead) {
            subscribe_options where;
            where.executor = home;
            where.queue = options.queue;
            where.last_event_id = last_event_id_of(head);
            source.emplace(events->subscribe(std::move(topics), where));
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
    asio::awaitable<end_reason> streaming = stream_events(
        std::move(out), std::move(opening), std::move(*source), std::move(options.on_gap), events);
    session.reason = co_await std::move(streaming);
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
