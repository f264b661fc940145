#pragma once

#include <crier/pubsub/stats.hpp>

#include <array>
#include <atomic>
#include <cstdint>

namespace crier::detail {

/// The counts of a topic, or of all. Thread-safe.
struct counters {
    std::atomic<std::uint64_t> published{0};
    std::atomic<std::uint64_t> delivered{0};
    std::array<std::atomic<std::uint64_t>, drop_reasons> dropped{};
    std::atomic<std::uint64_t> bytes{0};

    void add(
        std::uint64_t more_delivered, std::uint64_t more_bytes, const drop_counts& lost) noexcept {
        delivered.fetch_add(more_delivered, std::memory_order_relaxed);
        bytes.fetch_add(more_bytes, std::memory_order_relaxed);
        for (std::size_t i = 0; i < drop_reasons; ++i) {
            if (lost[i] > 0) {
                dropped[i].fetch_add(lost[i], std::memory_order_relaxed);
            }
        }
    }

    void copy_to(event_counts& to) const noexcept {
        to.published = published;
        to.delivered = delivered;
        to.dropped = 0;
        for (std::size_t i = 0; i < drop_reasons; ++i) {
            to.dropped_by[i] = dropped[i];
            to.dropped += to.dropped_by[i];
        }
        to.bytes = bytes;
    }
};

} // namespace crier::detail
