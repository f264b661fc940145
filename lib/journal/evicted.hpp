#pragma once

#include <crier/pubsub/journal.hpp>

#include <algorithm>
#include <cstdint>

namespace crier::detail {

inline void note_evicted(journal_page& in, std::uint64_t through) noexcept {
    in.evicted_through = std::max(in.evicted_through, through);
}

} // namespace crier::detail
