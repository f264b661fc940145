#pragma once

#include <string_view>

namespace crier::detail {

/// Whether the value of an `Accept` field prefers JSON to plain text.
bool prefers_json(std::string_view accept);

} // namespace crier::detail
