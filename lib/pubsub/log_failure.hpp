#pragma once

#include <crier/pubsub/logger.hpp>

#include "log_line.hpp"

#include <exception>
#include <string_view>

namespace crier::detail {

/// Logs what failed, and what the exception says, as an error. Takes no memory.
inline void log_failure(const logger& log, std::string_view what, const std::exception_ptr& why) {
    log_line line;
    line << what << why;
    log(severity::error, line.text());
}

} // namespace crier::detail
