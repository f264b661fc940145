#pragma once

#include <crier/http/cors.hpp>
#include <crier/http/gate.hpp>

#include "coding.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

// A response is what HTTP calls so: a head and a body, here as the bytes that are sent.

/// How a client is told that its request is not served.
struct reply_style {
    bool head_only = false; ///< without the body, as the method was HEAD
    bool as_json = false;   ///< as `Accept` prefers it
};

/// The type and the text of a body that says why. Source: RFC 9457.
struct reason_body {
    std::string_view type;
    std::string text;
};
reason_body body_of(const refusal& refused, bool as_json);

/// Throws `std::invalid_argument` where one of the fields cannot stand in a stream's header, says
/// how its body is read, or is there already and only once.
void check_fields(const response_fields& fields);

/// Status line and header of an event stream. Of the usual fields those are left out that stand
/// among the others.
std::string stream_header(coding as, const response_fields& more = {});

/// All that is sent before the first event: the header, and when a client is to connect again.
std::string stream_opening(
    coding as, const response_fields& more, std::optional<std::chrono::milliseconds> retry);

/// The status of a response, as its first line has it.
inline unsigned status_of(std::string_view response) noexcept {
    constexpr std::size_t at = sizeof "HTTP/1.1";
    unsigned status = 0;
    std::from_chars(response.data() + std::min(at, response.size()),
        response.data() + std::min(at + 3, response.size()), status);
    return status;
}

/// A whole response without a body; the connection ends with it.
std::string no_content_response(const response_fields& fields);

/// The whole response to a request that is not served; the connection ends with it.
std::string refusal_response(
    const refusal& refused, reply_style style = {}, const response_fields& more = {});

} // namespace crier::detail
