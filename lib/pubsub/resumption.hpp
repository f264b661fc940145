#pragma once

#include <crier/pubsub/event_id.hpp>
#include <crier/pubsub/gap.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace crier::detail {

/// Where a stream goes on after the last event that its client has received: what resuming means of
/// streams. (Of coroutines it means that they run again, as in Asio.)
struct resumption {
    /// What the stream begins with, if events may be missing.
    std::optional<gap> missing{};
    /// All that is kept of later events follows.
    std::uint64_t after = 0;
};

/// Decides where: `text` is the id that the client gave, `cursor` what it says, `newest` the last
/// event of all, and from `evicted` on, exclusively, the history of the stream's topics is
/// complete.
resumption resume_after(
    std::string_view text, std::optional<event_id> cursor, event_id newest, std::uint64_t evicted);

} // namespace crier::detail
