#include "topic_rows.hpp"

#include "async/durations.hpp"

#include <chrono>

namespace crier::detail {
namespace {

/// Of all columns of topics, and their names last.
std::string select(const char* which) {
    return std::string{"SELECT number, run, events_limit, bytes_limit, age_limit, retain, events, "
                       "bytes, keys, removed_through, evicted_through, retained_from, "
                       "retained_evicted, name FROM topics WHERE "} +
           which;
}

/// What a newer version may have added is none.
retention retention_of(std::int64_t number) noexcept {
    switch (number) {
    case 1: return retention::newest;
    case 2: return retention::newest_per_key;
    default: return retention::none;
    }
}

std::int64_t number_of(retention retain) noexcept {
    return retain == retention::newest ? 1 : retain == retention::newest_per_key ? 2 : 0;
}

topic_row row_of(const cursor& at) {
    int column = 0;
    topic_row row;
    row.number = at.number(column);
    row.run = at.number(++column);
    row.events_limit = at.number(++column);
    row.bytes_limit = at.number(++column);
    row.age_limit = at.number(++column);
    row.retain = retention_of(at.number(++column));
    row.events = at.number(++column);
    row.bytes = at.number(++column);
    row.keys = at.number(++column);
    row.removed_through = at.sequence(++column);
    row.evicted_through = at.sequence(++column);
    row.retained_from = at.sequence(++column);
    row.retained_evicted = at.sequence(++column);
    return row;
}

} // namespace

void topic_row::limit(const history_limits& to) noexcept {
    events_limit = to_database(to.events);
    bytes_limit = to_database(to.bytes);
    age_limit = std::chrono::nanoseconds{in_range(to.age, history_limits{}.age)}.count();
}

topic_rows::topic_rows(database& in)
    : in_{in},
      find_{in, select("name = ?1")},
      next_{in, select("number > ?1 ORDER BY number LIMIT 1")},
      add_{in, "INSERT INTO topics (name, run, events_limit, bytes_limit, age_limit, retain, "
               "events, bytes, keys, removed_through, evicted_through, retained_from, "
               "retained_evicted) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0, ?7, ?7, ?7, ?7)"},
      update_{in, "UPDATE topics SET run = ?2, events_limit = ?3, bytes_limit = ?4, "
                  "age_limit = ?5, retain = ?6, events = ?7, bytes = ?8, keys = ?9, "
                  "removed_through = ?10, evicted_through = ?11, retained_from = ?12, "
                  "retained_evicted = ?13 WHERE number = ?1"},
      remove_{in, "DELETE FROM topics WHERE number = ?1"} {}

std::optional<topic_row> topic_rows::find(std::string_view name) {
    cursor found = find_(name);
    return found.next() ? std::optional{row_of(found)} : std::nullopt;
}

std::optional<topic_row> topic_rows::next_after(std::int64_t number, std::string& name) {
    constexpr int name_column = 13;
    cursor found = next_(number);
    if (!found.next()) {
        return std::nullopt;
    }
    name = found.bytes(name_column);
    return row_of(found);
}

void topic_rows::add(std::string_view name, topic_row& added) {
    add_.run(name, added.run, added.events_limit, added.bytes_limit, added.age_limit,
        number_of(added.retain), added.evicted_through);
    added.number = sqlite3_last_insert_rowid(in_.get());
}

void topic_rows::update(const topic_row& changed) {
    update_.run(changed.number, changed.run, changed.events_limit, changed.bytes_limit,
        changed.age_limit, number_of(changed.retain), changed.events, changed.bytes, changed.keys,
        changed.removed_through, changed.evicted_through, changed.retained_from,
        changed.retained_evicted);
}

void topic_rows::remove(std::int64_t number) { remove_.run(number); }

} // namespace crier::detail
