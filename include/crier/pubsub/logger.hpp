#pragma once

#include <crier/export.hpp>

#include <functional>
#include <string_view>

namespace crier {

enum class severity { info, warning, error };

CRIER_EXPORT std::string_view to_string(severity level) noexcept;

/// Takes one line of a log, without a line end. Names that came from outside are escaped in it. It
/// is called on any thread, never under a lock, and must not throw. It may be called after its
/// manager was destroyed, while the manager's executor still runs handlers. Of lines that differ in
/// numbers and quoted names alone it is given ten a second, and later how many were left out.
using logger = std::function<void(severity, std::string_view)>;

/// Writes warnings and errors to `std::clog`.
CRIER_EXPORT void log_to_clog(severity level, std::string_view line);

} // namespace crier
