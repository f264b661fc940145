#pragma once

#include "entry_queue.hpp"

#include <cstddef>
#include <cstdint>

namespace crier::detail {

// The gaps that a queue leaves itself, for want of room. One that is not being written grows, in
// place of another beside it: however much is lost, it takes the room of few.

/// Puts a gap where the event was, one with those that are beside it.
void leave_gap_at(entry_queue& in, std::size_t at);

/// For what was not taken in: at the end.
void leave_gap_behind(entry_queue& all, event_id first, event_id last, std::uint64_t events);

} // namespace crier::detail
