#include <crier/pubsub/logger.hpp>

#include "log_line.hpp"

#include <iostream>

namespace crier {

std::string_view to_string(severity level) noexcept {
    switch (level) {
    case severity::info: return "info";
    case severity::warning: return "warning";
    case severity::error: return "error";
    }
    return "unknown";
}

void log_to_clog(severity level, std::string_view line) {
    if (level == severity::info) {
        return;
    }
    // One insertion, so that lines of several threads do not mix, and no memory, which may be what
    // is told of.
    detail::log_line whole;
    whole << "crier: " << to_string(level) << ": " << line;
    std::clog << whole.ended();
}

} // namespace crier
