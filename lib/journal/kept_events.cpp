#include "kept_events.hpp"

#include <algorithm>
#include <chrono>

namespace crier::detail {

std::int64_t nanoseconds_of(std::chrono::system_clock::time_point at) noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

kept_events::kept_events(database& in, std::size_t keys_limit)
    : keys_limit_{to_database(keys_limit)},
      add_{in, "INSERT INTO events (sequence, topic, at, key, own_id, text) "
               "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
      newest_{in, "SELECT sequence FROM events WHERE topic = ?1 ORDER BY sequence DESC LIMIT 1"},
      oldest_{in, "SELECT sequence, at, length(text) FROM events "
                  "WHERE topic = ?1 AND sequence > ?2 ORDER BY sequence"},
      remove_history_{in,
          "DELETE FROM events WHERE topic = ?1 AND sequence > ?2 AND sequence <= ?3 AND NOT EXISTS "
          "(SELECT 1 FROM retained WHERE retained.topic = ?1 AND retained.key = events.key "
          "AND retained.sequence = events.sequence)"},
      remove_{in, "DELETE FROM events WHERE sequence = ?1"},
      find_retained_{in, "SELECT sequence FROM retained WHERE topic = ?1 AND key = ?2"},
      put_retained_{in, "INSERT INTO retained (topic, key, sequence) VALUES (?1, ?2, ?3) "
                        "ON CONFLICT (topic, key) DO UPDATE SET sequence = excluded.sequence"},
      oldest_retained_{in, "SELECT sequence FROM retained WHERE topic = ?1 ORDER BY sequence"},
      remove_superseded_{in, "DELETE FROM events WHERE sequence <= ?3 AND sequence IN "
                             "(SELECT sequence FROM retained WHERE topic = ?1 AND sequence <= ?2)"},
      remove_retained_{in, "DELETE FROM retained WHERE topic = ?1 AND sequence <= ?2"},
      forget_key_{in, "DELETE FROM retained WHERE topic = ?1 AND key = ?2"} {}

void kept_events::add(const journal_entry& added, topic_row& to) {
    if (!to.keeps()) {
        to.evicted_through = std::max(to.evicted_through, added.sequence);
        return;
    }
    const std::int64_t at = nanoseconds_of(added.at);
    if (added.own_id.empty()) {
        add_.run(added.sequence, to.number, at, added.key, nullptr, added.text);
    } else {
        add_.run(added.sequence, to.number, at, added.key, added.own_id, added.text);
    }
    ++to.events;
    to.bytes += static_cast<std::int64_t>(added.text.size());
    if (to.retain == retention::newest_per_key) {
        put_retained(added, to);
    }
}

void kept_events::put_retained(const journal_entry& added, topic_row& to) {
    std::uint64_t superseded = 0;
    {
        cursor known = find_retained_(to.number, added.key);
        if (known.next()) {
            superseded = known.sequence(0);
        }
    }
    put_retained_.run(to.number, added.key, added.sequence);
    if (superseded == 0) {
        ++to.keys;
    } else if (superseded <= to.removed_through) {
        remove_.run(superseded);
    }
}

std::uint64_t kept_events::newest_of(const topic_row& of) {
    cursor found = newest_(of.number);
    return std::max(of.evicted_through, found.next() ? found.sequence(0) : 0);
}

void kept_events::forget(topic_row& of) {
    of.evicted_through = newest_of(of);
    retain(of, of.retain);
}

/// Its event stays in the history, if it is there.
void kept_events::forget(topic_row& of, std::string_view key) {
    std::uint64_t forgotten = 0;
    {
        cursor known = find_retained_(of.number, key);
        if (!known.next()) {
            return;
        }
        forgotten = known.sequence(0);
    }
    forget_key_.run(of.number, key);
    --of.keys;
    of.retained_evicted = std::max(of.retained_evicted, forgotten);
    if (forgotten <= of.removed_through) {
        remove_.run(forgotten);
    }
}

void kept_events::retain(topic_row& of, retention as) {
    of.retain = as;
    of.retained_from = newest_of(of);
    of.retained_evicted = of.retained_from;
}

void kept_events::evict(topic_row& of, std::int64_t now, std::size_t& budget) {
    evict_history(of, now, budget);
    evict_retained(of, budget);
}

void kept_events::evict_history(topic_row& of, std::int64_t now, std::size_t& budget) {
    const std::int64_t at_least = of.retain == retention::newest ? 1 : 0;
    std::uint64_t through = of.removed_through;
    {
        cursor oldest = oldest_(of.number, of.removed_through);
        while (budget > 0 && oldest.next()) {
            const std::uint64_t sequence = oldest.sequence(0);
            const bool is_over = of.events > of.events_limit || of.bytes > of.bytes_limit ||
                                 oldest.number(1) < now - of.age_limit;
            if (sequence > of.evicted_through && (!is_over || of.events <= at_least)) {
                break;
            }
            through = sequence;
            --of.events;
            of.bytes -= oldest.number(2);
            --budget;
        }
    }
    if (through > of.removed_through) {
        remove_history_.run(of.number, of.removed_through, through);
        of.removed_through = through;
        of.evicted_through = std::max(of.evicted_through, through);
    }
}

void kept_events::evict_retained(topic_row& of, std::size_t& budget) {
    std::uint64_t through = 0;
    if (of.keys > 0) {
        cursor oldest = oldest_retained_(of.number);
        while (budget > 0 && oldest.next()) {
            const std::uint64_t sequence = oldest.sequence(0);
            if (sequence > of.retained_from && of.keys <= keys_limit_) {
                break;
            }
            through = sequence;
            --of.keys;
            --budget;
        }
    }
    if (through > 0) {
        remove_superseded_.run(of.number, through, of.removed_through);
        remove_retained_.run(of.number, through);
    }
    if (through > of.retained_from) {
        of.retained_from = through;
        of.retained_evicted = std::max(of.retained_evicted, through);
    }
}

} // namespace crier::detail
