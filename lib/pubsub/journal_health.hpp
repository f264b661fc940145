#pragma once

#include <crier/pubsub/logger.hpp>
#include <crier/pubsub/stats.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace crier::detail {

/// Whether a manager's journal answers, and since when not. The log is told when that changes.
class journal_health {
public:
    /// The guard is the manager's lock.
    journal_health(std::mutex& guard, std::shared_ptr<const logger> log) noexcept
        : guard_{guard}, log_{std::move(log)} {}

    // Without the lock, as the log may be a program's:

    void note(journal_state now) noexcept;
    /// It has answered, which it may do while it is still caught up with.
    void note_answer() noexcept;

    // Under it:

    journal_state state() const noexcept { return state_; }
    std::optional<std::chrono::system_clock::time_point> away_since() const noexcept {
        return away_since_;
    }

private:
    std::mutex& guard_;
    const std::shared_ptr<const logger> log_;
    journal_state state_ = journal_state::connected;
    std::optional<std::chrono::system_clock::time_point> away_since_;
};

} // namespace crier::detail
