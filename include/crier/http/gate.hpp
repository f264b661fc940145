#pragma once

#include <crier/export.hpp>
#include <crier/http/request_head.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace crier {

/// Why a request is not served: what its response says. The connection is closed after it.
struct refusal {
    unsigned status = 400;
    std::string_view reason; ///< one line for the response's body, of a text that outlives it
};

struct gate_limits {
    std::size_t header_bytes = std::size_t{8} * 1024;
    std::size_t header_fields = 64;
};

/// Reads a request's head, from its first byte to its blank line, and refuses all that different
/// servers read differently: what one takes for a request's end must not be another's beginning.
///
/// Errors: given as the refusal: 400, 431 over the limits, 505 for another version than 1.0 or 1.1.
/// Source: RFC 9112, sections 2 to 6; RFC 9110, section 5.
CRIER_EXPORT std::optional<refusal> read_head(
    std::string_view raw, request_head& head, const gate_limits& limits = {});

/// Checks what a head says of where its message ends, of the connection and of the host.
/// `read_head` does it, and `serve` with a request that another server has parsed.
CRIER_EXPORT std::optional<refusal> check_framing(const request_head& head);

/// Checks that a request asks for an event stream: 405 for another method than GET, 406 for an
/// `Accept` that excludes it.
CRIER_EXPORT std::optional<refusal> check_stream_request(const request_head& head);

/// Whether an `Accept` field's value allows `text/event-stream`.
/// Source: RFC 9110, section 12.5.1.
CRIER_EXPORT bool accepts_event_stream(std::string_view accept);

} // namespace crier
