#pragma once

#include <crier/http/gate.hpp>

#include "pubsub/backlog.hpp"

#include <string>
#include <string_view>

namespace crier::detail {

/// The coding of a stream's body by the version of its request, as Beast numbers it.
/// Source: RFC 9112, section 6: an HTTP/1.0 client is sent no chunks.
constexpr coding coding_of(unsigned version) noexcept {
    return version >= 11 ? coding::chunked : coding::plain;
}

/// Status line and header of an event stream.
std::string_view stream_header(coding as) noexcept;

/// What ends the body of a stream.
constexpr std::string_view stream_end(coding as) noexcept {
    return as == coding::chunked ? "0\r\n\r\n" : "";
}

/// The whole response to a request that is not served; the connection ends with it.
std::string refusal_response(const refusal& refused);

} // namespace crier::detail
