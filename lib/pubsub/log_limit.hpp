#pragma once

#include <crier/async/clock.hpp>
#include <crier/pubsub/logger.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>

namespace crier::detail {

/// Passes on some lines of each kind a second, and then how many it has left out, so that a crowd
/// of peers cannot fill a disk. Lines are of one kind if they differ in numbers and quoted names
/// alone. What the logger throws is dropped. Takes no memory. Thread-safe.
class log_limit {
public:
    static constexpr unsigned lines_per_second = 10;

    explicit log_limit(logger to);
    log_limit(const log_limit&) = delete;
    log_limit& operator=(const log_limit&) = delete;
    /// Tells what was left out last.
    ~log_limit();

    void tell(severity level, std::string_view line) noexcept;

private:
    /// What was told of one kind in the second since a time.
    struct kind {
        std::uint64_t hash = 0;
        clock::time_point since{};
        unsigned told = 0;
        std::size_t left_out = 0;
        severity level = severity::info;
        std::array<char, 64> beginning{}; ///< of the first line that was left out
        std::size_t size = 0;
    };

    kind& kind_of(std::uint64_t hash) noexcept;
    void tell_left_out(const kind& of) const noexcept;

    const logger to_;
    std::mutex mutex_;
    std::array<kind, 16> kinds_{};
};

/// A logger that never throws, and limits what it passes on to another one.
logger limited(logger to);

} // namespace crier::detail
