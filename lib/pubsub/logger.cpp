#include <crier/pubsub/logger.hpp>

#include "log_line.hpp"

#include <iostream>

namespace crier {

void log_to_clog(severity level, std::string_view line) {
    if (level == severity::info) {
        return;
    }
    // One insertion, so that lines of several threads do not mix, and no memory, which may be what
    // is told of.
    detail::log_line whole;
    whole << (level == severity::error ? "crier: error: " : "crier: warning: ") << line;
    std::clog << whole.ended();
}

} // namespace crier
