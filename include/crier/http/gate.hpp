#pragma once

#include <crier/export.hpp>
#include <crier/http/request_head.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace crier {

/// Why a request is not served, as its response says. The connection is closed after it.
struct refusal {
    unsigned status = 400;
    std::string_view reason; ///< one line for the response's body; a view of a longer-lived text
};

struct gate_limits {
    std::size_t header_bytes = std::size_t{8} * 1024;
    std::size_t header_fields = 64;
};

/// Reads a request's head, from its first byte to its blank line. It refuses whatever servers read
/// in different ways, such as two lengths: an attacker could hide a second request in it.
///
/// The host of a target in absolute form, "http://host/path", takes the place of the field `Host`.
///
/// Errors: returned as the refusal: 400; 417 for an unknown `Expect`; 431 over the limits; 501 for
/// CONNECT, and for methods that are neither of RFC 9110 nor PATCH; 505 for versions other than 1.0
/// and 1.1.
/// Source: RFC 9112, sections 2 to 6; RFC 9110, section 5.
CRIER_EXPORT std::optional<refusal> read_head(
    std::string_view raw, request_head& head, const gate_limits& limits = {});

/// Checks the fields of a head that say where the message ends, what becomes of the connection, and
/// which host is meant. `read_head` calls it, and so does `serve` for a request that another server
/// has parsed.
CRIER_EXPORT std::optional<refusal> check_framing(const request_head& head);

/// Checks that a request asks for an event stream: 405 for methods other than GET and HEAD, 406 for
/// an `Accept` that excludes `text/event-stream`. HEAD is to be answered with the header alone.
CRIER_EXPORT std::optional<refusal> check_stream_request(const request_head& head);

/// Whether the value of an `Accept` field allows `text/event-stream`.
/// Source: RFC 9110, section 12.5.1.
CRIER_EXPORT bool accepts_event_stream(std::string_view accept);

} // namespace crier
