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
    epoch,    ///< the client's last event has another epoch: the server was restarted
    future,   ///< the client's last event has not been published
    invalid,  ///< the client's last event id is not one of this manager's
    overflow, ///< the client read too slowly, memory ran short, or an engine lost an event
};
inline constexpr std::size_t gap_reasons = 5;

CRIER_EXPORT std::string_view to_string(gap_reason reason) noexcept;

/// A range of events missing from a stream.
struct gap {
    gap_reason reason{};
    /// Id of the first event that may be missing. For `future` and `invalid`: the id that the
    /// client sent, at most its first 128 bytes, with U+FFFD in place of invalid UTF-8. For
    /// `epoch`: of the other epoch, so that it does not compare with `to`.
    std::string from{};
    /// The last event that may be missing. After it, the stream is complete. Its sequence is 0
    /// where none of its epoch is missing.
    event_id to{};
    /// How many events are missing at least, if known.
    std::optional<std::uint64_t> count{};
    /// The gap's id, after which a client that is cut off goes on. None: `to`. It is earlier where
    /// some of the events up to `to` are left, and follow.
    std::optional<event_id> id{};
};

/// Makes the event that reports a gap. Its type is "crier.gap", its data is
/// `{"reason", "from", "to"}` and `"count"` if known.
CRIER_EXPORT event to_event(const gap& lost);

/// Reads what `to_event` wrote, as a client receives it:
///
///     if (const std::optional<crier::gap> lost = crier::parse_gap(next)) {
///         reload("events are missing: " + std::string{to_string(lost->reason)});
///     }
///
/// Any other event gives none: one of another type, and one whose data is over 4 KB or not as
/// `to_event` writes it. Members that it does not know are passed over. Who reads streams needs no
/// more of the library than this header for it.
CRIER_EXPORT std::optional<gap> parse_gap(const event& received);

} // namespace crier
