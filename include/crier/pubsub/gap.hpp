#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/event_id.hpp>
#include <crier/wire/event.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crier {

/// Why events may be missing from a stream.
enum class gap_reason {
    evicted,  ///< the history does not reach back to the client's last event
    epoch,    ///< the client's last event is of another numbering: of a server before its restart
    future,   ///< the client's last event has not been published
    invalid,  ///< the client's last event id is none
    overflow, ///< the client did not take them as fast as they came
};
inline constexpr std::size_t gap_reasons = 5;

CRIER_EXPORT std::string_view to_string(gap_reason reason) noexcept;

/// What a stream lacks.
struct gap {
    gap_reason reason{};
    /// Id of the first event that may be missing; for `future` and `invalid` the id that the client
    /// gave, with U+FFFD for what is not UTF-8.
    std::string from{};
    /// The last event that may be missing. What follows in the stream is complete from there on.
    event_id to{};
    /// How many are missing, where it is known.
    std::optional<std::uint64_t> count{};
};

/// The event by which a stream tells of a gap: its type is "crier.gap", its data
/// `{"reason", "from", "to"}` and perhaps `"count"`, its id `to`.
CRIER_EXPORT event to_event(const gap& lost);

} // namespace crier
