#pragma once

#include <crier/http/cors.hpp>
#include <crier/http/gate.hpp>

#include "pubsub/backlog.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

// A response is what HTTP calls so: a head and a body, here as the bytes that are sent.

/// The coding of a stream's body by the version of its request, as Beast numbers it.
/// Source: RFC 9112, section 6: an HTTP/1.0 client is sent no chunks.
constexpr coding coding_of(unsigned version) noexcept {
    return version >= 11 ? coding::chunked : coding::plain;
}

/// Status line and header of an event stream.
std::string stream_header(coding as, const response_fields& more = {});

/// All that is sent before the first event: the header, and when a client is to connect again.
std::string stream_opening(
    coding as, const response_fields& more, std::optional<std::chrono::milliseconds> retry);

/// What ends the body of a stream.
constexpr std::string_view stream_end(coding as) noexcept {
    return as == coding::chunked ? "0\r\n\r\n" : "";
}

/// The whole response to a preflight; the connection ends with it.
std::string preflight_response(const response_fields& fields);

/// The whole response to a request that is not served; the connection ends with it.
std::string refusal_response(const refusal& refused, const response_fields& more = {});

} // namespace crier::detail
