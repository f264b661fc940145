#include "http2_session.hpp"

#include <algorithm>
#include <array>

namespace crier::model {

http2_session::http2_session(wire& over, std::uint32_t window) : wire_{over} {
    is_open_ = wire_.send(test::http2_beginning({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window}}));
}

bool http2_session::receive(std::size_t most) {
    std::array<char, 2048> part;
    const auto size = wire_.receive(part.data(), std::min(most, part.size()));
    received_.append(part.data(), size.value_or(0));
    return size && is_open_;
}

std::optional<test::http2_frame> http2_session::next() {
    auto frame = test::take_http2_frame(received_);
    if (frame && !frame->has(NGHTTP2_FLAG_ACK)) {
        if (frame->type == NGHTTP2_PING) {
            send(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, frame->payload);
        } else if (frame->type == NGHTTP2_SETTINGS) {
            send(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0);
        }
    }
    return frame;
}

std::uint32_t http2_session::get(const std::string& target, const std::string& last_event_id) {
    test::http2_fields more;
    if (!last_event_id.empty()) {
        more.emplace_back("last-event-id", last_event_id);
    }
    const std::uint32_t id = next_id_;
    next_id_ += 2;
    send(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_END_HEADERS, id,
        requests_.deflated(test::http2_request_heads::get(target, more)));
    return id;
}

void http2_session::reset(std::uint32_t id) {
    send(NGHTTP2_RST_STREAM, 0, id, test::http2_number(NGHTTP2_CANCEL, 4));
}

void http2_session::open_window(std::uint32_t id, std::uint32_t by) {
    send(NGHTTP2_WINDOW_UPDATE, 0, id, test::http2_number(by, 4));
}

void http2_session::set_window(std::uint32_t size) {
    send(NGHTTP2_SETTINGS, 0, 0,
        test::http2_number(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) + test::http2_number(size, 4));
}

void http2_session::send(int type, int flags, std::uint32_t id, std::string_view payload) {
    is_open_ = is_open_ && wire_.send(test::http2_bytes_of(type, flags, id, payload));
}

} // namespace crier::model
