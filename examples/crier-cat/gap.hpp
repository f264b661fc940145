#pragma once

#include <crier/wire/event.hpp>

#include <string>

namespace cat {

/// Explains a `crier.gap` event in one sentence. Empty for other events.
std::string explain_gap(const crier::event& told);

} // namespace cat
