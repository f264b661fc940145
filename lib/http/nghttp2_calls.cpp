#include "nghttp2_calls.hpp"

#include "http2_connection.hpp"
#include "nghttp2_memory.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <string_view>

namespace crier::detail {
namespace {

http2_connection& connection_of(void* user) noexcept {
    return *static_cast<http2_connection*>(user);
}

http2_stream* stream_of(nghttp2_session* session, std::int32_t id) noexcept {
    return static_cast<http2_stream*>(nghttp2_session_get_stream_user_data(session, id));
}

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) noexcept {
    return {reinterpret_cast<const char*>(bytes), size};
}

bool is_request(const nghttp2_frame& frame) noexcept {
    return frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
}

/// Where there is no memory, the connection ends.
template <class Action>
int result_of(Action&& action) noexcept {
    try {
        return action();
    } catch (const std::bad_alloc&) {
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
}

} // namespace

nghttp2_session* nghttp2_calls::new_session(http2_connection& of) {
    nghttp2_session_callbacks* made = nullptr;
    nghttp2_option* with = nullptr;
    if (nghttp2_session_callbacks_new(&made) != 0) {
        throw std::bad_alloc{};
    }
    const std::unique_ptr<nghttp2_session_callbacks, decltype(&nghttp2_session_callbacks_del)>
        calls{made, nghttp2_session_callbacks_del};
    if (nghttp2_option_new(&with) != 0) {
        throw std::bad_alloc{};
    }
    const std::unique_ptr<nghttp2_option, decltype(&nghttp2_option_del)> options{
        with, nghttp2_option_del};
    nghttp2_session_callbacks_set_send_data_callback(made, send_body);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, head_begins);
    nghttp2_session_callbacks_set_on_header_callback(made, field);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, body_part);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, frame_received);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, bad_frame_received);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, stream_ended);
    nghttp2_option_set_no_closed_streams(with, 1);
    nghttp2_session* session = nullptr;
    if (nghttp2_session_server_new3(&session, made, &of, with, nghttp2_memory::get()) != 0) {
        throw std::bad_alloc{};
    }
    return session;
}

ssize_t nghttp2_calls::read_body(nghttp2_session* /*session*/, std::int32_t /*id*/,
    std::uint8_t* /*buffer*/, std::size_t most, std::uint32_t* flags, nghttp2_data_source* source,
    void* user) noexcept {
    const auto& stream = *static_cast<const http2_stream*>(source->ptr);
    const std::size_t offered = connection_of(user).frames_.offered_by(stream);
    if (offered > 0) {
        *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
        return static_cast<ssize_t>(std::min(most, offered));
    }
    if (stream.is_finished) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        return 0;
    }
    return NGHTTP2_ERR_DEFERRED;
}

int nghttp2_calls::send_body(nghttp2_session* /*session*/, nghttp2_frame* /*frame*/,
    const std::uint8_t* head, std::size_t size, nghttp2_data_source* /*source*/,
    void* user) noexcept {
    http2_connection& to = connection_of(user);
    return result_of([&] {
        constexpr std::size_t head_bytes = 9;
        to.frames_.take(text_of(head, head_bytes), size);
        to.guard_.sent(size);
        return 0;
    });
}

int nghttp2_calls::head_begins(
    nghttp2_session* session, const nghttp2_frame* frame, void* user) noexcept {
    if (!is_request(*frame)) {
        return 0;
    }
    http2_connection& to = connection_of(user);
    return result_of([&] {
        const auto made =
            std::make_shared<http2_stream>(to, frame->hd.stream_id, to.deadlines_.heard());
        nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, made.get());
        to.streams_.push_back(*made);
        made->kept = made;
        to.arm(to.due_of(*made->incoming));
        return 0;
    });
}

int nghttp2_calls::field(nghttp2_session* session, const nghttp2_frame* frame,
    const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
    std::size_t value_size, std::uint8_t /*flags*/, void* user) noexcept {
    http2_stream* const stream = stream_of(session, frame->hd.stream_id);
    if (stream == nullptr || !stream->incoming) {
        return 0;
    }
    return result_of([&] {
        http2_connection& to = connection_of(user);
        if (!is_request(*frame)) {
            stream->incoming->refuse({400, "trailer fields are not accepted"});
        } else if (!stream->incoming->add(
                       text_of(name, name_size), text_of(value, value_size), to.options_.limits)) {
            to.was_flooded_ = true;
            return static_cast<int>(NGHTTP2_ERR_CALLBACK_FAILURE);
        }
        return 0;
    });
}

/// Notes one thing that was done for nothing.
int nghttp2_calls::take(http2_connection& from) noexcept {
    from.was_flooded_ = from.was_flooded_ || !from.guard_.take(from.deadlines_.heard());
    return from.was_flooded_ ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

int nghttp2_calls::body_part(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t id,
    const std::uint8_t* data, std::size_t size, void* user) noexcept {
    http2_stream* const stream = stream_of(session, id);
    if (stream == nullptr || !stream->incoming) {
        return 0;
    }
    return result_of([&] {
        http2_connection& to = connection_of(user);
        if (!stream->incoming->add_body(text_of(data, size), to.options_.body_bytes)) {
            stream->incoming->refuse({413, "request body is too large"});
            http2_connection::put(to.complete_, *stream);
        }
        return 0;
    });
}

int nghttp2_calls::frame_received(
    nghttp2_session* session, const nghttp2_frame* frame, void* user) noexcept {
    http2_connection& to = connection_of(user);
    const bool has_end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    const bool is_answer = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA: {
        http2_stream* const stream = stream_of(session, frame->hd.stream_id);
        if (has_end && stream != nullptr && stream->incoming) {
            http2_connection::put(to.complete_, *stream);
        }
        break;
    }
    case NGHTTP2_PING:
        if (is_answer && to.is_draining_) {
            nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_NO_ERROR, nullptr, 0);
        }
        break;
    case NGHTTP2_SETTINGS:
    case NGHTTP2_WINDOW_UPDATE: to.may_have_window_ = true; break;
    default: break;
    }
    return 0;
}

int nghttp2_calls::bad_frame_received(nghttp2_session* /*session*/, const nghttp2_frame* /*frame*/,
    int /*error*/, void* user) noexcept {
    return take(connection_of(user));
}

int nghttp2_calls::frame_sent(
    nghttp2_session* session, const nghttp2_frame* frame, void* user) noexcept {
    http2_connection& by = connection_of(user);
    const std::int32_t id = frame->hd.stream_id;
    const bool is_end = (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
                        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (is_end && nghttp2_session_get_stream_remote_close(session, id) == 0) {
        // The rest of the request is of no use. Source: RFC 9113, section 8.1.
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
    }
    // Resets that the client has made us send. Ours are others.
    const bool is_made = frame->hd.type == NGHTTP2_RST_STREAM &&
                         frame->rst_stream.error_code != NGHTTP2_NO_ERROR &&
                         frame->rst_stream.error_code != NGHTTP2_CANCEL;
    return is_made ? take(by) : 0;
}

int nghttp2_calls::stream_ended(
    nghttp2_session* session, std::int32_t id, std::uint32_t /*error*/, void* user) noexcept {
    if (http2_stream* const stream = stream_of(session, id)) {
        http2_connection& of = connection_of(user);
        stream->open_stream::unlink();
        if (stream->waiting_stream::is_linked()) {
            stream->waiting_stream::unlink();
        }
        of.ended_.push_back(*stream);
        if (of.streams_.empty()) {
            of.deadlines_.idle(clock::now());
        }
    }
    return 0;
}

} // namespace crier::detail
