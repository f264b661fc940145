#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/gap.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace crier {

/// Why a subscriber did not get an event.
enum class drop_reason {
    newest,       ///< its queue was full, the event was the newest
    oldest,       ///< its queue was full, the event was the oldest in it
    conflated,    ///< a newer event of the same key or type stands for it
    signalled,    ///< "crier.signal" stands for it
    disconnected, ///< its queue was full, the stream was ended
    memory,       ///< the manager's memory limit was reached
};
inline constexpr std::size_t drop_reasons = 6;

CRIER_EXPORT std::string_view to_string(drop_reason reason) noexcept;

/// Counts by `drop_reason`.
using drop_counts = std::array<std::uint64_t, drop_reasons>;

/// Counts since the manager was made, but for those that are said to be present.
struct event_counts {
    std::uint64_t published = 0; ///< events that got a sequence number
    std::uint64_t delivered = 0; ///< events put into a subscriber's queue, once for each subscriber
    std::uint64_t dropped = 0;   ///< events that a subscriber missed, once for each subscriber
    drop_counts dropped_by{};    ///< the same, by their reasons
    std::uint64_t bytes = 0;     ///< encoded bytes of those delivered
};

struct topic_stats : event_counts {
    std::string name;
    std::size_t subscribers = 0; ///< at present
    bool polled = false;         ///< a polling service was started for it
    std::size_t history = 0;     ///< events kept for those who come back
    std::size_t history_bytes = 0;
};

struct manager_stats : event_counts {
    std::size_t subscribers = 0;                   ///< at present
    std::uint64_t resumed = 0;                     ///< subscriptions that began after a cursor
    std::array<std::uint64_t, gap_reasons> gaps{}; ///< gaps at which streams began, by `gap_reason`
    /// Publishes that were refused for what they hold; see the errors of `manager::publish`.
    std::uint64_t refused = 0;
    std::size_t memory = 0;          ///< bytes in use for events at present
    std::vector<topic_stats> topics; ///< those present, in the order of their names
};

} // namespace crier
