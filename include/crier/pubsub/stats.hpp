#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/gap.hpp>
#include <crier/pubsub/journal.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crier {

/// Why a subscriber did not get an event.
enum class drop_reason {
    newest,       ///< the queue was full, and the event was the newest
    oldest,       ///< the queue was full, and the event was the oldest
    conflated,    ///< a newer event of the same key or type replaced it
    signalled,    ///< "crier.signal" replaced it
    disconnected, ///< the queue was full, and the stream was ended
    memory,       ///< the manager's memory limit was reached, or an allocation failed
};
inline constexpr std::size_t drop_reasons = 6;

CRIER_EXPORT std::string_view to_string(drop_reason reason) noexcept;

/// Counts by `drop_reason`.
using drop_counts = std::array<std::uint64_t, drop_reasons>;

/// Counts since the manager was made, unless they say "at present".
struct event_counts {
    std::uint64_t published = 0; ///< events that got a sequence number
    std::uint64_t delivered = 0; ///< events put into a subscriber's queue, once for each subscriber
    std::uint64_t dropped = 0;   ///< events that a subscriber missed, once for each subscriber
    drop_counts dropped_by{};    ///< the same, by reason
    std::uint64_t bytes = 0;     ///< encoded bytes of delivered events
};

struct topic_stats : event_counts {
    std::string name;
    std::size_t subscribers = 0; ///< at present
    bool polled = false;         ///< a polling service runs for it
    std::size_t history = 0;     ///< events kept for clients that reconnect
    std::size_t history_bytes = 0;
};

/// Whether a journal can be used.
enum class journal_state : std::uint8_t {
    connected,
    catching_up, ///< it is there again, and what was missed meanwhile is being read
    unavailable, ///< it does not answer
};

CRIER_EXPORT std::string_view to_string(journal_state state) noexcept;

/// What a manager's journal is at.
struct journal_stats {
    journal_state state = journal_state::connected;
    outbox_limits waiting{0, 0}; ///< what waits for it, at present
    /// How long the oldest of that has waited.
    std::chrono::milliseconds lag{0};
    /// Since when it does not answer; none: it does.
    std::optional<std::chrono::system_clock::time_point> away_since{};
};

struct manager_stats : event_counts {
    std::size_t subscribers = 0;                   ///< at present
    std::uint64_t resumed = 0;                     ///< subscriptions that gave a last event id
    std::array<std::uint64_t, gap_reasons> gaps{}; ///< gaps on resuming, by `gap_reason`
    /// Events that `publish` refused; see its errors.
    std::uint64_t refused = 0;
    std::size_t memory = 0; ///< bytes in use for events, at present
    std::optional<journal_stats> journal{};
    std::vector<topic_stats> topics; ///< at present, ordered by name
};

} // namespace crier
