#include <crier/pubsub/logger.hpp>

#include <iostream>
#include <string>

namespace crier {

void log_to_clog(severity level, std::string_view line) {
    if (level == severity::info) {
        return;
    }
    // One insertion, so that lines of several threads do not mix.
    std::string text{level == severity::error ? "crier: error: " : "crier: warning: "};
    text.append(line).push_back('\n');
    std::clog << text;
}

} // namespace crier
