#pragma once

#include "pubsub/event_queue.hpp"

#include <cstdint>
#include <string_view>

namespace crier::detail {

/// How a stream wants its frames: as they are, or as chunks of the chunked transfer coding.
enum class coding : std::uint8_t { plain, chunked };

/// The coding of a stream's body by the version of its request, as Beast numbers it.
/// Source: RFC 9112, section 6: an HTTP/1.0 client is sent no chunks; RFC 9113, section 8.1: nor is
/// one of HTTP/2, version 20, whose frames tell the end.
constexpr coding coding_of(unsigned version) noexcept {
    return version == 11 ? coding::chunked : coding::plain;
}

inline frame_bytes bytes_as(coding as) noexcept {
    return as == coding::chunked ? &frame::chunk : &frame::text;
}

inline std::string_view bytes_of(const frame& content, coding as) noexcept {
    return (content.*bytes_as(as))();
}

/// What ends the body of a stream.
constexpr std::string_view stream_end(coding as) noexcept {
    return as == coding::chunked ? "0\r\n\r\n" : "";
}

} // namespace crier::detail
