#pragma once

#include <crier/export.hpp>
#include <crier/http/end_reason.hpp>
#include <crier/pubsub/manager.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace crier {

/// How many streams a manager has, and how its streams ended.
struct stream_counts {
    std::size_t open = 0;                           ///< at present
    std::array<std::uint64_t, end_reasons> ended{}; ///< since the manager was made, by `end_reason`
};

/// Counts the streams of a manager.
///
/// Thread safety: any thread.
CRIER_EXPORT stream_counts streams_of(const manager& events);

} // namespace crier
