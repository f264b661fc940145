#pragma once

#include <cstdint>

namespace crier::detail {

/// What ends a subscriber, the more urgent last: one that is cut ends as it is, whatever waits.
enum class end_kind : std::uint8_t { none, closed, topic_closed, shut_down, cut };

} // namespace crier::detail
