// What nghttp2 calls.

#include "floor/http2_streams.hpp"
#include "floor/request.hpp"

#include <algorithm>
#include <array>

namespace bench::bare {
namespace {

nghttp2_nv field(std::string_view name, std::string_view value) {
    // nghttp2 only reads them.
    const auto bytes = [](std::string_view of) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(of.data()));
    };
    return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

} // namespace

ssize_t http2_streams::read_event(nghttp2_session* /*session*/, std::int32_t /*id*/,
    std::uint8_t* /*buffer*/, std::size_t most, std::uint32_t* flags, nghttp2_data_source* source,
    void* /*user*/) {
    const auto& from = *static_cast<const stream*>(source->ptr);
    if (from.left == 0) {
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    return static_cast<ssize_t>(std::min<std::size_t>(most, from.left));
}

int http2_streams::send_event(nghttp2_session* /*session*/, nghttp2_frame* /*frame*/,
    const std::uint8_t* head, std::size_t size, nghttp2_data_source* source, void* user) {
    constexpr std::size_t head_bytes = 9;
    const http2_streams& self = *static_cast<client*>(user)->in;
    auto& from = *static_cast<stream*>(source->ptr);
    self.pulled_->append(reinterpret_cast<const char*>(head), head_bytes);
    self.pulled_->append(self.event_.substr(self.event_.size() - from.left, size));
    from.left -= static_cast<std::uint32_t>(size);
    return 0;
}

int http2_streams::begin_head(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    auto& of = *static_cast<client*>(user);
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        stream& made = *of.all.emplace_back(std::make_unique<stream>());
        made.of = &of;
        made.id = frame->hd.stream_id;
        nghttp2_session_set_stream_user_data(session, made.id, &made);
    }
    return 0;
}

int http2_streams::take_field(nghttp2_session* session, const nghttp2_frame* frame,
    const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
    std::size_t value_size, std::uint8_t /*flags*/, void* /*user*/) {
    void* const which = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    const std::string_view is{reinterpret_cast<const char*>(name), name_size};
    if (which != nullptr && is == ":path") {
        static_cast<stream*>(which)->path.assign(reinterpret_cast<const char*>(value), value_size);
    }
    return 0;
}

int http2_streams::take_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    void* const which = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    const bool is_whole = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_HEADERS && is_whole && which != nullptr) {
        static_cast<client*>(user)->in->answer(*static_cast<stream*>(which));
    }
    return 0;
}

void http2_streams::answer(stream& which) {
    nghttp2_session* const session = which.of->session.get();
    const std::string line = "GET " + which.path + " HTTP/1.1\r\n\r\n";
    const request asked = read_request(line, static_cast<unsigned>(topics_.size()));
    std::string{}.swap(which.path);
    if (asked.is != request::state::stream) {
        const std::array<nghttp2_nv, 1> head{field(":status", "404")};
        nghttp2_submit_response(session, which.id, head.data(), head.size(), nullptr);
        return;
    }
    which.topic = asked.topic;
    which.place = static_cast<std::uint32_t>(topics_[asked.topic].size());
    topics_[asked.topic].push_back(&which);
    const std::array<nghttp2_nv, 3> head{field(":status", "200"),
        field("content-type", "text/event-stream"), field("cache-control", "no-cache")};
    nghttp2_data_provider body{};
    body.source.ptr = &which;
    body.read_callback = read_event;
    nghttp2_submit_response(session, which.id, head.data(), head.size(), &body);
}

int http2_streams::end_stream(
    nghttp2_session* session, std::int32_t id, std::uint32_t /*error*/, void* user) {
    auto& of = *static_cast<client*>(user);
    const void* const which = nghttp2_session_get_stream_user_data(session, id);
    const auto at = std::find_if(
        of.all.begin(), of.all.end(), [which](const auto& each) { return each.get() == which; });
    if (at != of.all.end()) {
        of.in->unsubscribe(**at);
        of.all.erase(at);
    }
    return 0;
}

} // namespace bench::bare
