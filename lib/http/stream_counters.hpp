#pragma once

#include <crier/http/stream_counts.hpp>

#include "pubsub/manager_state.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace crier::detail {

/// How many streams of a manager there are, and how they ended. Thread-safe.
class stream_counters {
public:
    void opened() noexcept { ++open_; }
    void ended(end_reason why) noexcept {
        --open_;
        count(why);
    }
    /// Answered with a reply in place of a stream.
    void refused(end_reason why) noexcept { count(why); }
    stream_counts counts() const;

private:
    void count(end_reason why) noexcept { ++ended_[static_cast<std::size_t>(why)]; }

    std::atomic<std::size_t> open_{0};
    std::array<std::atomic<std::uint64_t>, end_reasons> ended_{};
};

inline stream_counters& streams_of(manager_state& events) {
    return events.companion<stream_counters>();
}

} // namespace crier::detail
