#pragma once

#include <crier/http/cors.hpp>

#include "asked.hpp"

#include <optional>

namespace crier::detail {

/// What pages may do with the response to one request, and how it is told them.
struct permission {
    bool is_preflight = false;        ///< this is all that was asked for
    std::optional<refusal> refused{}; ///< the preflight, for its origin
    response_fields fields{};         ///< of whatever is answered
};

/// Without origins nothing is told, and no request is a preflight.
permission permit(const cors_options& options, const asked& request);

} // namespace crier::detail
