#pragma once

#include <crier/pubsub/stats.hpp>

#include <array>
#include <atomic>
#include <cstdint>

namespace crier::detail {

struct counters {
    std::atomic<std::uint64_t> published{0};
    std::atomic<std::uint64_t> delivered{0};
    std::array<std::atomic<std::uint64_t>, drop_reasons> dropped{};
    std::atomic<std::uint64_t> bytes{0};

    void add(std::uint64_t more_delivered, std::uint64_t more_bytes, const drop_counts& lost) {
        delivered.fetch_add(more_delivered, std::memory_order_relaxed);
        bytes.fetch_add(more_bytes, std::memory_order_relaxed);
        for (std::size_t i = 0; i < drop_reasons; ++i) {
            if (lost[i] > 0) {
                dropped[i].fetch_add(lost[i], std::memory_order_relaxed);
            }
        }
    }
};

} // namespace crier::detail
