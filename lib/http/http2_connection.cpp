#include "http2_connection.hpp"

#include "async/durations.hpp"
#include "async/executors.hpp"
#include "http2_head.hpp"
#include "nghttp2_calls.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// So much is joined before it is written, and so much a stream may write before others have their
/// turn.
constexpr std::size_t piece = std::size_t{16} * 1024;

nghttp2_nv field_of(std::string_view name, std::string_view value) noexcept {
    // nghttp2 only reads them. NOLINTBEGIN(*-const-cast)
    auto* const at = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
    auto* const text = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
    // NOLINTEND(*-const-cast)
    return {at, text, name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

} // namespace

http2_connection::http2_connection(asio::any_io_executor executor, std::shared_ptr<sink> to,
    std::shared_ptr<alarms> timing, const server_options& options, http2_requests& requests)
    : executor_{std::move(executor)},
      timing_{std::move(timing)},
      options_{options},
      requests_{requests},
      output_{std::move(to)},
      session_{nghttp2_calls::new_session(*this)},
      deadlines_{{options.header_timeout, options.idle_timeout, options.response_timeout,
                     options.http2->ping_interval},
          clock::now()},
      guard_{deadlines_.heard()} {
    const nghttp2_settings_entry settings[]{{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                                                static_cast<std::uint32_t>(options.http2->streams)},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
            static_cast<std::uint32_t>(options.limits.header_bytes)},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
    output_.to().attach(this);
}

http2_connection::~http2_connection() { nghttp2_session_del(session_); }

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
    if (nghttp2_session_mem_recv(session_, data, bytes.size()) < 0) {
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
                session_, NGHTTP2_FLAG_NONE, next.id(), NGHTTP2_REFUSED_STREAM);
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
    if (nghttp2_session_want_read(session_) == 0 && output_.size() == 0) {
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
    return !is_over_ && output_.size() < piece &&
           nghttp2_session_get_remote_window_size(session_) > 0;
}

void http2_connection::put(some_streams& into, http2_stream& which) noexcept {
    if (!which.waiting_stream::is_linked()) {
        into.push_back(which);
    }
}

std::size_t http2_connection::write(http2_stream& by, sink::buffers bytes, error_code& error) {
    if (output_.size() >= piece) {
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
    if (!has_room() || by.written_in_turn >= piece) {
        put(waiting_, by);
        flush_soon();
        error = asio::error::would_block;
        return 0;
    }
    std::size_t size = 0;
    if (!by.has_head) {
        const asio::const_buffer& first = bytes.front();
        if (!submit_head(by, {static_cast<const char*>(first.data()), first.size()}, size)) {
            error = asio::error::invalid_argument;
            return 0;
        }
    }
    size += write_body(by, bytes, size);
    flush_soon();
    by.waits_for_window = size == 0 && asio::buffer_size(bytes) > 0;
    error = by.waits_for_window ? make_error_code(asio::error::would_block) : error_code{};
    return size;
}

bool http2_connection::submit_head(http2_stream& of, std::string_view text, std::size_t& size) {
    const std::optional<http2_head> head = read_response_head(text);
    if (!head) {
        return false;
    }
    std::vector<nghttp2_nv> fields{field_of(":status", head->status)};
    for (const auto& [name, value] : head->fields) {
        fields.push_back(field_of(name, value));
    }
    nghttp2_data_provider body{};
    body.source.ptr = &of;
    body.read_callback = &nghttp2_calls::read_body;
    of.has_head =
        nghttp2_submit_response(session_, of.id(), fields.data(), fields.size(), &body) == 0;
    size = head->size;
    return of.has_head;
}

/// Of the bytes from there on. They are copied once: beside the heads of their frames.
std::size_t http2_connection::write_body(http2_stream& by, sink::buffers bytes, std::size_t from) {
    const end_of_offer at_end{offered_};
    offered_ = {&by, bytes, from, std::min(asio::buffer_size(bytes) - from, piece)};
    if (offered_.left > 0 && nghttp2_session_get_stream_remote_window_size(session_, by.id()) > 0) {
        nghttp2_session_resume_data(session_, by.id());
    }
    pull();
    const std::size_t size = offered_.taken - from;
    by.written_in_turn += static_cast<std::uint32_t>(size);
    return size;
}

void http2_connection::finish(http2_stream& which) {
    const bool is_open = nghttp2_session_get_stream_remote_window_size(session_, which.id()) > 0;
    if (!which.has_head || !is_open) {
        reset(which);
    } else {
        nghttp2_session_resume_data(session_, which.id());
        flush_soon();
    }
}

void http2_connection::reset(http2_stream& which) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, which.id(), NGHTTP2_CANCEL);
    flush_soon();
}

/// The streams have one socket together, which gets what the most generous of them wants.
void http2_connection::limit_buffering(std::size_t bytes, std::chrono::milliseconds longest) {
    if (bytes > buffering_) {
        buffering_ = bytes;
        output_.to().limit_buffering(bytes, longest);
    }
}

/// Takes the frames that nghttp2 has to send.
void http2_connection::pull() {
    const std::uint8_t* data = nullptr;
    auto size = nghttp2_session_mem_send(session_, &data);
    while (size > 0) {
        output_.append({reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)});
        size = nghttp2_session_mem_send(session_, &data);
    }
    if (size < 0) {
        // It was flooded, or there is no memory.
        throw boost::system::system_error{make_error_code(asio::error::no_memory)};
    }
}

/// Writes what the sink takes at once.
void http2_connection::flush() {
    pull();
    error_code error;
    while (!is_over_ && output_.size() > 0 && !error) {
        output_.write_some(error);
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
    nghttp2_submit_shutdown_notice(session_);
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
    flush_soon();
}

void http2_connection::end_with(std::uint32_t error) noexcept {
    nghttp2_session_terminate_session(session_, error);
    close(asio::error::connection_reset);
}

void http2_connection::close(error_code why) noexcept {
    if (std::exchange(is_over_, true)) {
        return;
    }
    timing_->clear(alarm_);
    try {
        nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
        pull();
        error_code error;
        while (output_.size() > 0 && !error) {
            output_.write_some(error);
        }
    } catch (...) { // NOLINT(bugprone-empty-catch): the end will do
    }
    output_.to().attach(nullptr);
    output_.to().cancel();
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
        nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
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

void http2_connection::end_streams(std::size_t count) noexcept {
    for (http2_stream& each : streams_) {
        if (count > 0 && each.is_resumable && !each.is_finished) {
            each.finish();
            --count;
        }
    }
}

} // namespace crier::detail
