#pragma once

#include <crier/export.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace crier {

class polling_service;

/// How many of its events a topic keeps for clients that reconnect. When one of the limits is
/// exceeded, the oldest event is removed: `{.events = 1000}` also means 1 MB and five minutes.
struct history_limits {
    std::size_t events = 0;                       ///< 0: no history
    std::size_t bytes = std::size_t{1024} * 1024; ///< of encoded events
    /// How long an event is kept. A topic without subscribers is kept as long, after its last event
    /// and its last subscriber. Zero or less means the default, `milliseconds::max()` for ever.
    std::chrono::milliseconds age = std::chrono::minutes{5};
};

/// Which events a new subscriber gets at once, so that it sees the present state. A topic that
/// retains events is kept without subscribers for as long as `history_limits::age`.
enum class retention {
    none,   ///< none: only what is published from then on
    newest, ///< the topic's newest event
    /// The newest event of each `publish_options::key`, or of each type for events without a key,
    /// in the order of their ids. In a topic without a history, what a newer event of its key has
    /// superseded is no gap. A key stays: tell what is gone by an event of the same key, or see
    /// `manager::forget`.
    newest_per_key,
};

CRIER_EXPORT std::string_view to_string(retention retained) noexcept;

/// What happens when a subscriber's queue is full.
enum class overflow_policy : std::uint8_t {
    drop_newest, ///< new events are dropped
    drop_oldest, ///< the oldest events are dropped
    /// A newer event replaces an older one of its topic with the same key, or with the same type if
    /// it has no key. If that is not enough, the oldest are dropped.
    conflate,
    /// As `conflate`, but a newer event replaces the waiting one at once, whatever room there is. A
    /// slow reader gets the newest event of each key only, but for those that the kernel buffers;
    /// see `serve_options::send_buffer`. Each event is compared with those that wait.
    conflate_always,
    signal,     ///< one event of type "crier.signal" without data replaces all: look again
    disconnect, ///< the subscription ends with `errc::overflow`
};

CRIER_EXPORT std::string_view to_string(overflow_policy policy) noexcept;

/// How much may wait for a subscriber. There is always room for one event. What is being written to
/// a client does not count: `n` keys to conflate need `events = n`. Nothing waits here while the
/// kernel takes more: it buffers `serve_options::send_buffer` first, often thousands of events, and
/// the client's system as much again.
struct queue_limits {
    std::size_t events = 64;                     ///< at least 1
    std::size_t bytes = std::size_t{256} * 1024; ///< of encoded events
    overflow_policy overflow = overflow_policy::drop_newest;
};

/// What applies to the topics whose names it matches.
struct topic_rule {
    /// Called from any thread that publishes or subscribes, without a lock.
    std::function<bool(std::string_view topic)> matches;
    history_limits history{};
    retention retain = retention::none;
    /// For the topic's events, where the subscriber has no limits of its own. None: the manager's.
    std::optional<queue_limits> queue{};
    /// Makes the polling service of a topic, one of its own for each. Called without a lock when a
    /// topic that is not polled gets its first subscriber; where several come at once, perhaps for
    /// each, and one service is used. None, or a null pointer: the topic is not polled.
    /// `topic_options::polling` goes before it. What it throws, the subscriber gets, and is not
    /// subscribed.
    std::function<std::shared_ptr<polling_service>(std::string_view topic)> source{};
};

/// For `topic_rule::matches`: one topic, or all topics whose names begin with the prefix.
CRIER_EXPORT std::function<bool(std::string_view topic)> exactly(std::string name);
CRIER_EXPORT std::function<bool(std::string_view topic)> starting_with(std::string prefix);

} // namespace crier
