#pragma once

#include <crier/export.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace crier {

/// How much of its past a topic keeps, for those who come back with the id of their last event.
/// Without events it is off. Past any of the limits the oldest event goes.
struct history_limits {
    std::size_t events = 0;
    std::size_t bytes = std::size_t{1024} * 1024; ///< of encoded events
    /// Of an event; also how long a topic without subscribers is kept after its last one. Zero
    /// means for ever.
    std::chrono::milliseconds age = std::chrono::minutes{5};
};

/// What a new subscriber gets at once, so that it sees the present state; for that, a topic lives
/// on without subscribers as with history, for as long as the history's age.
enum class retention {
    none,   ///< nothing: what is published from then on
    newest, ///< the topic's newest event
    /// The newest event of each `publish_options::key`, or without one of each type, in the order
    /// of their ids.
    newest_per_key,
};

/// What happens when more waits for a subscriber than its queue holds.
enum class overflow_policy {
    drop_newest, ///< what waits stays
    drop_oldest, ///< the newest stay
    conflate,   ///< of each key the newest stays, without a key of each type; then as `drop_oldest`
    signal,     ///< all is replaced by one event of type "crier.signal" without data: look again
    disconnect, ///< the stream ends, with `end_reason::overflow`
};

/// How much may wait for a subscriber. One event always has room.
struct queue_limits {
    std::size_t events = 64;                     ///< at least 1
    std::size_t bytes = std::size_t{256} * 1024; ///< of encoded events
    overflow_policy overflow = overflow_policy::drop_newest;
};

/// What holds for topics by their names, for those of a manager that it matches.
struct topic_rule {
    /// Called without a lock, from any thread that publishes or subscribes.
    std::function<bool(std::string_view topic)> matches;
    history_limits history{};
    retention retain = retention::none;
    /// For subscribers with no limits of their own; none: the manager's.
    std::optional<queue_limits> queue{};
};

/// What a rule matches: one topic, or all whose names begin alike.
CRIER_EXPORT std::function<bool(std::string_view topic)> exactly(std::string name);
CRIER_EXPORT std::function<bool(std::string_view topic)> starting_with(std::string prefix);

} // namespace crier
