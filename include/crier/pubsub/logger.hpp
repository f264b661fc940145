#pragma once

#include <crier/export.hpp>

#include <functional>
#include <string_view>

namespace crier {

enum class severity { info, warning, error };

/// Takes one line about what happened, without a line end. Names that came from outside are
/// escaped. It is called on any thread, never under a lock, and must not throw. It may still be
/// called after its manager is gone, while the manager's executor runs what was left.
using logger = std::function<void(severity, std::string_view)>;

/// Writes warnings and errors to `std::clog`.
CRIER_EXPORT void log_to_clog(severity level, std::string_view line);

} // namespace crier
