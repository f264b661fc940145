#pragma once

#include <crier/pubsub/journal.hpp>

#include "database.hpp"
#include "statement.hpp"
#include "topic_rows.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crier::detail {

std::int64_t nanoseconds_of(std::chrono::system_clock::time_point at) noexcept;

/// The events of the file, and which of them are retained. What it changes in a topic's row is to
/// be written by who calls it.
class kept_events {
public:
    kept_events(database& in, std::size_t keys_limit);

    void add(const journal_entry& added, topic_row& to);

    /// The newest event of a topic that anybody may have got.
    std::uint64_t newest_of(const topic_row& of);

    /// Lets all go for readers.
    void forget(topic_row& of);
    void forget(topic_row& of, std::string_view key);

    /// Begins to retain anew, with what comes.
    void retain(topic_row& of, retention as);

    /// Removes what has gone, and the oldest of what the limits do not allow at that time. Each
    /// event removed takes one from what it still may remove.
    void evict(topic_row& of, std::int64_t now, std::size_t& budget);

private:
    void put_retained(const journal_entry& added, topic_row& to);
    void evict_history(topic_row& of, std::int64_t now, std::size_t& budget);
    void evict_retained(topic_row& of, std::size_t& budget);

    std::int64_t keys_limit_;
    statement add_;
    statement newest_;
    statement oldest_;
    statement remove_history_;
    statement remove_;
    statement find_retained_;
    statement put_retained_;
    statement oldest_retained_;
    statement remove_superseded_;
    statement remove_retained_;
    statement forget_key_;
};

} // namespace crier::detail
