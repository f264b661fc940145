#pragma once

#include <cstddef>

namespace crier::detail {

/// Lets the system make its table of the process's descriptors large enough for so many, so far as
/// the process may have them. Else it doubles the table whenever it is full, and in a process of
/// several threads whoever opens that descriptor is held up for about 10 ms, with all of its
/// streams. Where it fails, it is left at that.
void make_room_for_descriptors(std::size_t many) noexcept;

} // namespace crier::detail
