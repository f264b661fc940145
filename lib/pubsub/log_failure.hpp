#pragma once

#include <crier/pubsub/logger.hpp>

#include "log_line.hpp"

#include <string_view>

namespace crier::detail {

/// Logs what failed, and what the exception or the error code says, as an error. Takes no memory.
template <class Reason>
void log_failure(const logger& log, std::string_view what, const Reason& why) {
    log_line line;
    line << what << why;
    log(severity::error, line.text());
}

} // namespace crier::detail
