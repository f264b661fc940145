#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crier::test {

/// A frame of HTTP/2. Source: RFC 9113, section 4.1.
struct http2_frame {
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::uint32_t id = 0;
    std::string payload{};

    bool has(int flag) const { return (flags & flag) != 0; }
};

constexpr std::size_t http2_frame_head_bytes = 9;
constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Big-endian.
inline std::string http2_number(std::uint64_t value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) {
        text += static_cast<char>(value >> (8 * i) & 0xFF);
    }
    return text;
}

inline std::uint32_t read_http2_number(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char each : bytes) {
        value = value << 8 | static_cast<std::uint8_t>(each);
    }
    return value;
}

inline std::string http2_bytes_of(
    int type, int flags, std::uint32_t id, std::string_view payload = {}) {
    return http2_number(payload.size(), 3) + static_cast<char>(type) + static_cast<char>(flags) +
           http2_number(id, 4) + std::string{payload};
}

/// What a client begins with: the preface and its settings, each an identifier and a value.
inline std::string http2_beginning(
    const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings) {
    std::string payload;
    for (const auto& [name, value] : settings) {
        payload += http2_number(name, 2) + http2_number(value, 4);
    }
    return std::string{http2_preface} + http2_bytes_of(NGHTTP2_SETTINGS, 0, 0, payload);
}

/// The size of the payload, which follows.
inline std::size_t read_http2_head(std::string_view head, http2_frame& into) {
    into.type = static_cast<std::uint8_t>(head[3]);
    into.flags = static_cast<std::uint8_t>(head[4]);
    into.id = read_http2_number(head.substr(5, 4)) & 0x7FFF'FFFF;
    return read_http2_number(head.substr(0, 3));
}

/// Takes the first frame off the bytes. None: it is not whole.
inline std::optional<http2_frame> take_http2_frame(std::string& from) {
    http2_frame frame;
    if (from.size() < http2_frame_head_bytes) {
        return std::nullopt;
    }
    const std::size_t size = read_http2_head(from, frame);
    if (from.size() - http2_frame_head_bytes < size) {
        return std::nullopt;
    }
    frame.payload = from.substr(http2_frame_head_bytes, size);
    from.erase(0, http2_frame_head_bytes + size);
    return frame;
}

} // namespace crier::test
