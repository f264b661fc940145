#pragma once

#include "http2_frames.hpp"
#include "http2_heads.hpp"
#include "loopback.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/error_code.hpp>

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crier::test {

/// A client of HTTP/2 that sends whatever frames it is told to, and reads without an event loop.
class http2_peer {
public:
    using fields = http2_fields;

    static constexpr std::uint8_t end_stream = NGHTTP2_FLAG_END_STREAM;
    static constexpr std::uint8_t end_headers = NGHTTP2_FLAG_END_HEADERS;

    explicit http2_peer(std::uint16_t port) : client_{port} {}

    /// The preface with the settings, each an identifier and a value.
    void begin(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings = {}) {
        send_bytes(http2_beginning(settings));
    }

    static std::string number(std::uint64_t value, int bytes) { return http2_number(value, bytes); }

    static std::string bytes_of(
        int type, int flags, std::uint32_t id, std::string_view payload = {}) {
        return http2_bytes_of(type, flags, id, payload);
    }

    /// False: the server has closed the connection.
    bool send_bytes(std::string_view bytes) {
        boost::system::error_code error;
        boost::asio::write(client_.socket, boost::asio::buffer(bytes), error);
        return !error;
    }
    bool send(int type, int flags, std::uint32_t id, std::string_view payload = {}) {
        return send_bytes(bytes_of(type, flags, id, payload));
    }
    bool open_window(std::uint32_t id, std::uint32_t by) {
        return send(NGHTTP2_WINDOW_UPDATE, 0, id, number(by, 4));
    }

    std::string deflated(const fields& all) { return requests_.deflated(all); }

    static fields get(std::string path, const fields& more = {}) {
        return http2_request_heads::get(std::move(path), more);
    }

    bool request(std::uint32_t id, const fields& all, int flags = end_stream | end_headers) {
        return send(NGHTTP2_HEADERS, flags, id, deflated(all));
    }

    /// None: the connection has ended.
    std::optional<http2_frame> next() {
        const std::string head = client_.read(http2_frame_head_bytes);
        if (head.empty()) {
            return std::nullopt;
        }
        http2_frame frame;
        const std::size_t size = read_http2_head(head, frame);
        frame.payload = client_.read(size);
        return frame.payload.size() == size ? std::optional{std::move(frame)} : std::nullopt;
    }

    /// The next frame of that type; others are dropped, and settings and pings are acknowledged.
    std::optional<http2_frame> next(std::uint8_t type) {
        auto frame = next();
        while (frame && frame->type != type) {
            const bool is_answer = (frame->flags & NGHTTP2_FLAG_ACK) != 0;
            if (frame->type == NGHTTP2_HEADERS) {
                inflated(frame->payload);
            } else if (!is_answer &&
                       (frame->type == NGHTTP2_SETTINGS || frame->type == NGHTTP2_PING)) {
                send(frame->type, NGHTTP2_FLAG_ACK, 0,
                    frame->type == NGHTTP2_PING ? frame->payload : "");
            }
            frame = next();
        }
        return frame;
    }

    /// The fields of a response's head, as "name: value" lines.
    std::string inflated(std::string_view block) { return heads_.inflated(block); }

    /// The head of the next response.
    std::string head() {
        const auto frame = next(NGHTTP2_HEADERS);
        return frame ? inflated(frame->payload) : "";
    }

    /// The bodies of all streams, until the text has come, or the connection has ended.
    std::string body_until(std::string_view text) {
        std::string body;
        while (body.find(text) == body.npos) {
            const auto frame = next(NGHTTP2_DATA);
            if (!frame) {
                break;
            }
            body += frame->payload;
        }
        return body;
    }

    /// The body of the next stream that ends.
    std::string body() {
        std::string whole;
        auto frame = next(NGHTTP2_DATA);
        while (frame) {
            whole += frame->payload;
            frame = (frame->flags & end_stream) != 0 ? std::nullopt : next(NGHTTP2_DATA);
        }
        return whole;
    }

    /// The error of the GOAWAY that ends the connection; none: it has ended without one.
    std::optional<std::uint32_t> goaway() {
        const auto frame = next(NGHTTP2_GOAWAY);
        if (!frame) {
            return std::nullopt;
        }
        return static_cast<std::uint8_t>(frame->payload[7]);
    }

    client& connection() { return client_; }

private:
    client client_;
    http2_heads heads_;
    http2_request_heads requests_;
};

} // namespace crier::test
