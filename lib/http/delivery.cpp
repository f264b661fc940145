#include "delivery.hpp"

#include <crier/wire/errc.hpp>

#include "pubsub/run_on.hpp"
#include "pubsub/what.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <array>
#include <span>
#include <vector>

namespace crier::detail {
namespace {

namespace asio = boost::asio;

/// How many frames go into one write.
constexpr std::size_t most_frames = 64;

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
        // A coroutine of its own: what it does to its cancellation does not reach the session.
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        asio::awaitable<std::vector<event>> asked = run_on(executor, on_gap(lost));
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

} // namespace

namespace {

/// What ends the stream before anything more is written.
boost::system::error_code end_of(const stream_state& out, const subscriber& from) {
    const auto failed = out.failure();
    return !failed && from.pending.overflowed() ? make_error_code(errc::overflow) : failed;
}

/// Makes something to write where nothing waits: the next piece of the past, or a heartbeat. Tells
/// whether there is something, or may be.
bool refill(stream_state& out, subscription& source, const core& events, bool closed) {
    subscriber& from = subscription_access::state_of(source);
    if (!from.pending.empty()) {
        return false;
    }
    if (from.is_behind && (!closed || from.shut_down)) {
        subscription_access::read_on(source);
        return true;
    }
    if (!closed && out.heartbeat_due()) {
        from.pending.append(entry_ptr{new entry{events.heartbeat()}});
        return true;
    }
    return false;
}

} // namespace

asio::awaitable<boost::system::error_code> deliver(
    stream_state& out, subscription& source, const gap_handler& on_gap, const core& events) {
    subscriber& from = subscription_access::state_of(source);
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
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
        if (const auto ended = end_of(out, from)) {
            co_return ended;
        }
        if (on_gap && !from.pending.empty() && from.pending.front_gap() != nullptr) {
            asio::awaitable<void> healing = heal(from.pending, on_gap, events);
            co_await std::move(healing);
            continue;
        }
        if (refill(out, source, events, closed)) {
            // Others have their turn before a long past goes on.
            co_await asio::post(executor, asio::deferred);
            continue;
        }
        if (!closed) {
            out.arm_timer();
            const attachment attached{out, from.wake};
            const wait_result woken = co_await from.wake.async_wait_result(asio::deferred);
            closed = woken.error == errc::closed;
            give_up = closed ? clock::now() + out.interval() : give_up;
            continue;
        }
        if (from.pending.empty()) {
            co_return make_error_code(from.shut_down ? errc::shut_down : errc::closed);
        }
        // The subscriber's signal waits no more, but the last events are still on their way: for
        // one interval, however little of them a slow client takes at a time.
        if (clock::now() >= give_up) {
            co_return make_error_code(errc::stalled);
        }
        co_await out.wait_ready();
    }
}

} // namespace crier::detail
