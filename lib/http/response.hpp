#pragma once

#include <crier/http/cors.hpp>
#include <crier/http/gate.hpp>

#include "coding.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

// A response is what HTTP calls so: a head and a body, here as the bytes that are sent.

/// Status line and header of an event stream.
std::string stream_header(coding as, const response_fields& more = {});

/// All that is sent before the first event: the header, and when a client is to connect again.
std::string stream_opening(
    coding as, const response_fields& more, std::optional<std::chrono::milliseconds> retry);

/// The whole response to a preflight; the connection ends with it.
std::string preflight_response(const response_fields& fields);

/// The whole response to a request that is not served; the connection ends with it.
std::string refusal_response(const refusal& refused, const response_fields& more = {});

} // namespace crier::detail
