#pragma once

#include <crier/pubsub/logger.hpp>

#include <utility>

namespace crier::detail {

/// A logger that throws must not take anything else with it.
inline logger unthrowing(logger log) {
    return [log = std::move(log)](severity level, std::string_view line) noexcept {
        try {
            log(level, line);
        } catch (...) { // NOLINT(bugprone-empty-catch): there is nobody left to tell
        }
    };
}

} // namespace crier::detail
