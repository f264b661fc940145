#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/topic_policy.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crier {

/// How much may wait for a journal.
struct outbox_limits {
    std::size_t events = 100'000;
    std::size_t bytes = std::size_t{16} * 1024 * 1024; ///< of encoded events
};

/// What an entry of a shared journal does to its topic, on every node.
enum class journal_action : std::uint8_t {
    publish,     ///< adds an event
    end_streams, ///< ends the topic's streams
    close,       ///< closes the topic
    forget,      ///< lets the topic forget all, or what it retains of the entry's key
};

/// An event on its way into a journal. The views are the caller's, until the call returns.
struct journal_entry {
    /// Rises from entry to entry, and from one append to the next. A shared journal sets it.
    std::uint64_t sequence = 0;
    std::string_view topic;
    /// A newer event of the topic with the same key supersedes it. Any bytes.
    std::string_view key;
    /// The id that the publisher gave the event; empty if it is the manager's.
    std::string_view own_id;
    /// The event as it is sent: a block of an event stream, with its id. For a shared journal
    /// without one, unless it is the publisher's own.
    std::string_view text;
    std::chrono::system_clock::time_point at{};

    // For a shared journal alone:

    journal_action action = journal_action::publish;
    /// Each node compares it with the topic's last event.
    bool only_changes = false;
    /// The same when it is appended once more, and no other entry's of the manager.
    std::uint64_t ticket = 0;
    /// Set by the journal: why it refuses this entry.
    boost::system::error_code error{};
};

/// An event that was read from a journal.
struct journal_record {
    std::uint64_t sequence = 0;
    std::string key{};
    std::string text{};
    std::chrono::system_clock::time_point at{};

    // From a shared journal alone, as they were appended:

    bool has_own_id = false;
    bool only_changes = false;
    journal_action action = journal_action::publish;
};

/// Some of a topic's events, oldest first.
struct journal_page {
    std::vector<journal_record> records{};
    /// All events of the topic up to here were read, and are among the records, or kept no more. If
    /// there are no later ones: the highest number that there can be. Another page may have no
    /// records, too.
    std::uint64_t through = 0;
    /// Up to here events may be missing: the limits have removed them, or they were forgotten.
    std::uint64_t evicted_through = 0;
};

/// Where a manager's events are kept beyond its memory, so that clients resume after a restart.
///
/// A manager calls it on two threads of its own: one writes, which are `begin`, `keep`, `append`
/// and `forget`; the other reads, which are the rest. So calls may block. None of them is called
/// before `begin` has returned, nor after `end`.
///
/// Errors: `errc::journal_unavailable` says that it may go on later: the call is made again after
/// a while. Any other error is final for the call: what was to be appended is refused, and must
/// never appear later.
class CRIER_EXPORT journal {
public:
    virtual ~journal() = default;

    struct numbering {
        std::uint64_t epoch = 0;
        /// No number up to here is given again, whatever a crash has left of the events.
        std::uint64_t newest = 0;
    };

    /// Begins, with a manager's first call. Called once.
    virtual boost::system::result<numbering> begin() = 0;

    /// Which of a topic's events are to be kept from now on. Called in each run before the topic's
    /// first event is appended, and again when that has changed. Where `retain` changes, the
    /// journal may begin to retain anew.
    virtual boost::system::error_code keep(
        std::string_view topic, const history_limits& history, retention retain) = 0;

    /// Keeps events, all of them or none. Of a topic that nothing is kept of, as of that without a
    /// name, only the number counts; a manager numbers at most 1,000,000 events ahead of this. When
    /// it returns they are as safe as the journal makes them. The more there are, the less each
    /// costs.
    virtual boost::system::error_code append(std::span<journal_entry> entries) = 0;

    /// Forgets what a topic keeps, or only the newest event of a key where the topic retains that.
    virtual boost::system::error_code forget(
        std::string_view topic, std::optional<std::string_view> key) = 0;

    /// Reads what a topic keeps of the events after a number: at most so many, and no more once
    /// there are so many bytes of text.
    virtual boost::system::result<journal_page> read(
        std::string_view topic, std::uint64_t after, std::size_t events, std::size_t bytes) = 0;

    /// Reads what a topic retains for a new subscriber after a number: its newest event, or the
    /// newest of each key, in the order of their numbers, within the same limits. `evicted_through`
    /// then says up to which number events were forgotten that had no newer one of their key.
    virtual boost::system::result<journal_page> read_retained(
        std::string_view topic, std::uint64_t after, std::size_t events, std::size_t bytes) = 0;

    /// Finds the oldest event that the topic keeps with this id of the publisher's own.
    virtual boost::system::result<std::optional<std::uint64_t>> find(
        std::string_view topic, std::string_view own_id) = 0;

    /// Lets all calls that block return soon. Called on any thread, and followed by no call that
    /// has not begun.
    virtual void end() noexcept = 0;
};

} // namespace crier
