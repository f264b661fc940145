#include "http2_connection.hpp"

#include "async/durations.hpp"
#include "async/executors.hpp"
#include "nghttp2_calls.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
using boost::system::error_code;

http2_connection::http2_connection(asio::any_io_executor executor, std::shared_ptr<sink> to,
    std::shared_ptr<alarms> timing, const server_options& options, http2_requests& requests)
    : executor_{std::move(executor)},
      timing_{std::move(timing)},
      options_{options},
      requests_{requests},
      frames_{std::move(to), nghttp2_calls::new_session(*this)},
      deadlines_{{options.header_timeout, options.idle_timeout, options.response_timeout,
                     options.http2->ping_interval},
          clock::now()},
      guard_{deadlines_.heard()} {
    const nghttp2_settings_entry settings[]{{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                                                static_cast<std::uint32_t>(options.http2->streams)},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
            static_cast<std::uint32_t>(options.limits.header_bytes)},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
    nghttp2_submit_settings(session(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
    output().to().attach(this);
}

void http2_connection::start() { settle(); }

void http2_connection::receive(std::string_view bytes) {
    if (is_over_) {
        return;
    }
    deadlines_.heard(clock::now());
    if (!guard_.take(deadlines_.heard(), meter_.count(bytes))) {
        end_with(NGHTTP2_ENHANCE_YOUR_CALM);
        return;
    }
    const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    if (nghttp2_session_mem_recv(session(), data, bytes.size()) < 0) {
        end_with(was_flooded_ ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
        return;
    }
    settle();
}

/// Where there is no memory, the connection ends.
void http2_connection::settle() noexcept {
    const auto self = shared_from_this();
    try {
        act_on_notes();
        go_on();
    } catch (...) {
        end_with(was_flooded_ ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_INTERNAL_ERROR);
    }
}

/// What nghttp2's callbacks have noted, in which nothing else may be done.
void http2_connection::act_on_notes() {
    while (!ended_.empty()) {
        ended_.front().end(asio::error::connection_reset);
    }
    if (std::exchange(may_have_window_, false)) {
        for (http2_stream& each : streams_) {
            if (std::exchange(each.waits_for_window, false)) {
                put(waiting_, each);
            }
        }
    }
    while (!complete_.empty()) {
        http2_stream& next = complete_.front();
        complete_.pop_front();
        deadlines_.requested();
        const std::unique_ptr<http2_request> request = std::move(next.incoming);
        if (is_draining_) {
            nghttp2_submit_rst_stream(
                session(), NGHTTP2_FLAG_NONE, next.id(), NGHTTP2_REFUSED_STREAM);
        } else if (request) {
            requests_.begin(next.kept, request->finish(options_.limits));
        }
    }
}

void http2_connection::go_on() {
    flush();
    wake_waiting();
    if (is_over_) {
        return;
    }
    if (nghttp2_session_want_read(session()) == 0 && output().size() == 0) {
        has_drained_ = true;
        close(asio::error::eof);
        return;
    }
    const bool is_idle = streams_.empty();
    arm(std::min(deadlines_.next(!is_idle), ends_.next()));
    requests_.changed(is_idle);
}

void http2_connection::wake() {
    if (is_over_) {
        return;
    }
    const auto self = shared_from_this();
    check_deadlines(clock::now());
    if (!is_over_) {
        settle();
    }
}

// --- what is written ---

bool http2_connection::has_room() const noexcept {
    return !is_over_ && output().size() < http2_frames::piece && frames_.has_window();
}

void http2_connection::put(some_streams& into, http2_stream& which) noexcept {
    if (!which.waiting_stream::is_linked()) {
        into.push_back(which);
    }
}

std::size_t http2_connection::write(http2_stream& by, sink::buffers bytes, error_code& error) {
    if (output().size() >= http2_frames::piece) {
        flush();
    }
    if (by.has_ended()) {
        error = by.peer_error();
        return 0;
    }
    if (by.turn != turn_) {
        by.turn = turn_;
        by.written_in_turn = 0;
    }
    if (!has_room() || by.written_in_turn >= http2_frames::piece) {
        put(waiting_, by);
        flush_soon();
        error = asio::error::would_block;
        return 0;
    }
    std::size_t size = 0;
    if (!by.has_head) {
        const asio::const_buffer& first = bytes.front();
        const std::optional<std::size_t> head =
            frames_.begin(by, {static_cast<const char*>(first.data()), first.size()});
        if (!head) {
            error = asio::error::invalid_argument;
            return 0;
        }
        size = *head;
    }
    const std::size_t of_body = frames_.write(by, bytes, size);
    by.written_in_turn += static_cast<std::uint32_t>(of_body);
    size += of_body;
    flush_soon();
    by.waits_for_window = size == 0 && asio::buffer_size(bytes) > 0;
    error = by.waits_for_window ? make_error_code(asio::error::would_block) : error_code{};
    return size;
}

void http2_connection::finish(http2_stream& which) {
    if (!which.has_head || !frames_.has_window(which)) {
        reset(which);
    } else {
        nghttp2_session_resume_data(session(), which.id());
        flush_soon();
    }
}

void http2_connection::reset(http2_stream& which) {
    nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, which.id(), NGHTTP2_CANCEL);
    flush_soon();
}

/// The streams have one socket together, which gets what the most generous of them wants.
void http2_connection::limit_buffering(std::size_t bytes, std::chrono::milliseconds longest) {
    if (bytes > buffering_) {
        buffering_ = bytes;
        output().to().limit_buffering(bytes, longest);
    }
}

/// Writes what the sink takes at once.
void http2_connection::flush() {
    frames_.pull();
    error_code error;
    while (!is_over_ && output().size() > 0 && !error) {
        output().write_some(error);
        if (!error) {
            deadlines_.wrote();
        }
    }
    if (error == asio::error::would_block) {
        deadlines_.blocked(clock::now());
    } else if (error) {
        close(error);
    } else {
        ++turn_;
    }
}

void http2_connection::flush_soon() {
    if (is_flush_posted_ || is_over_) {
        return;
    }
    post_typed(executor_,
        bind_memory(std::shared_ptr<small_handler_memory>{weak_from_this().lock(), &flush_memory_},
            [weak = weak_from_this()] {
                const auto self = weak.lock();
                if (self && !self->is_over_) {
                    self->is_flush_posted_ = false;
                    self->settle();
                }
            }));
    is_flush_posted_ = true;
}

/// One after the other, as long as there is room. While the sink takes nothing they wait with it:
/// none of them would get a further turn.
void http2_connection::wake_waiting() {
    if (deadlines_.is_blocked()) {
        return;
    }
    some_streams turn;
    turn.swap(waiting_);
    while (!turn.empty() && has_room()) {
        const std::shared_ptr<http2_stream> next = turn.front().kept;
        turn.pop_front();
        next->go_on();
    }
    waiting_.splice(waiting_.begin(), turn);
    if (!waiting_.empty() && has_room()) {
        flush_soon();
    }
}

// --- its end ---

void http2_connection::drain(clock::time_point by) {
    if (is_over_ || std::exchange(is_draining_, true)) {
        return;
    }
    const clock::time_point now = clock::now();
    const auto streams = std::ranges::count_if(streams_, &http2_stream::is_resumable);
    const auto random =
        std::hash<const void*>{}(this) + static_cast<std::size_t>(now.time_since_epoch().count());
    ends_ = {
        now, by, static_cast<std::size_t>(streams), static_cast<double>(random % 1'000) / 1'000};
    // The last id follows once requests that are on their way have come: RFC 9113, section 6.8.
    nghttp2_submit_shutdown_notice(session());
    nghttp2_submit_ping(session(), NGHTTP2_FLAG_NONE, nullptr);
    flush_soon();
}

void http2_connection::end_with(std::uint32_t error) noexcept {
    nghttp2_session_terminate_session(session(), error);
    close(asio::error::connection_reset);
}

void http2_connection::close(error_code why) noexcept {
    if (std::exchange(is_over_, true)) {
        return;
    }
    timing_->clear(alarm_);
    try {
        nghttp2_session_terminate_session(session(), NGHTTP2_NO_ERROR);
        frames_.pull();
        error_code error;
        while (output().size() > 0 && !error) {
            output().write_some(error);
        }
    } catch (...) { // NOLINT(bugprone-empty-catch): the end will do
    }
    output().to().attach(nullptr);
    output().to().cancel();
    while (!ended_.empty()) {
        ended_.front().end(why);
    }
    while (!streams_.empty()) {
        streams_.front().end(why);
    }
    requests_.is_over();
}

// --- time ---

void http2_connection::arm(clock::time_point at) noexcept {
    if (!alarm_.is_linked() || at < alarm_.at) {
        timing_->set(alarm_, at);
    }
}

clock::time_point http2_connection::due_of(const http2_request& incoming) const noexcept {
    return incoming.begun_at + options_.header_timeout;
}

void http2_connection::check_deadlines(clock::time_point now) noexcept {
    switch (deadlines_.at(now, !streams_.empty())) {
    case http2_deadlines::due::nothing: break;
    case http2_deadlines::due::ping:
        deadlines_.pinged();
        nghttp2_submit_ping(session(), NGHTTP2_FLAG_NONE, nullptr);
        break;
    case http2_deadlines::due::end: close(asio::error::timed_out); return;
    }
    end_streams(ends_.take(now));
    for (http2_stream& each : streams_) {
        if (!each.incoming) {
            continue;
        }
        if (now < due_of(*each.incoming)) {
            arm(due_of(*each.incoming));
        } else {
            each.incoming->refuse({408, "the request took too long"});
            put(complete_, each);
        }
    }
}

/// Those that have still to send something are passed over: they may be at their end.
void http2_connection::end_streams(std::size_t count) noexcept {
    for (http2_stream& each : streams_) {
        const bool is_behind = each.waits_for_window || each.waiting_stream::is_linked();
        if (count > 0 && each.is_resumable && !each.is_finished && !is_behind) {
            each.finish();
            --count;
        }
    }
}

} // namespace crier::detail
