#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>

namespace crier::detail {

/// One round of making room on all shards; its end is told once all have let go of it.
struct shedding {
    explicit shedding(std::function<void(std::uint64_t)> then) : over{std::move(then)} {}
    shedding(const shedding&) = delete;
    shedding& operator=(const shedding&) = delete;
    ~shedding() { over(oldest); }

    /// Called with the oldest number that still waits. May run under any lock.
    const std::function<void(std::uint64_t)> over;
    std::atomic<std::uint64_t> oldest = std::numeric_limits<std::uint64_t>::max();
    /// Whether a shard with subscribers has done its part.
    std::atomic<bool> has_answer = false;
};

} // namespace crier::detail
