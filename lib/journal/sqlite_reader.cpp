#include "sqlite_reader.hpp"

#include "evicted.hpp"
#include "kept_events.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>

namespace crier::detail {
namespace {

using std::chrono::system_clock;

std::string select_records(const char* from) {
    return std::string{"SELECT events.sequence, events.at, events.key, events.text FROM "} + from;
}

journal_record record_of(const cursor& at) {
    constexpr int text_column = 3;
    return {at.sequence(0), std::string{at.bytes(2)}, std::string{at.bytes(text_column)},
        system_clock::time_point{std::chrono::duration_cast<system_clock::duration>(
            std::chrono::nanoseconds{at.number(1)})}};
}

/// Puts records into a page while there is room.
class filling {
public:
    filling(journal_page& page, page_limits most) noexcept : page_{page}, most_{most} {}

    bool is_full() const noexcept {
        return page_.records.size() >= most_.events ||
               (!page_.records.empty() && bytes_ >= most_.bytes);
    }

    void add(journal_record added) {
        bytes_ += added.text.size();
        page_.records.push_back(std::move(added));
    }

    /// All that there is. A page that is full ends where its last record is.
    void add_all(cursor& events, std::uint64_t before) {
        while (!is_full()) {
            if (!events.next()) {
                return;
            }
            add(record_of(events));
        }
        page_.through = page_.records.empty() ? before : page_.records.back().sequence;
    }

private:
    journal_page& page_;
    page_limits most_;
    std::size_t bytes_ = 0;
};

} // namespace

sqlite_reader::sqlite_reader(database& in)
    : in_{in},
      topics_{in},
      unkept_{in},
      state_{in, "SELECT lost_through FROM state WHERE id = 1"},
      history_{in, select_records("events WHERE topic = ?1 AND sequence > ?2 ORDER BY sequence")},
      newest_{in, select_records(
                      "events WHERE topic = ?1 AND sequence > ?2 ORDER BY sequence DESC LIMIT 1")},
      retained_{
          in, select_records("retained CROSS JOIN events ON events.sequence = retained.sequence "
                             "WHERE retained.topic = ?1 AND retained.sequence > ?2 "
                             "ORDER BY retained.sequence")},
      find_{in, "SELECT sequence FROM events WHERE topic = ?1 AND own_id = ?2 AND sequence > ?3 "
                "ORDER BY sequence LIMIT 1"} {}

journal_page sqlite_reader::read(std::string_view topic, std::uint64_t after, page_limits most) {
    const transaction one_state{in_, transaction::kind::reading};
    journal_page page = whole_page();
    if (const std::optional<topic_row> row = topics_.find(topic)) {
        note_evicted(page, row->evicted_through);
        read_history(*row, after, most, page);
    } else {
        note_evicted(page, unkept_.through(topic));
    }
    return page;
}

/// What is too old is passed over, whether it was removed already or not.
void sqlite_reader::read_history(
    const topic_row& of, std::uint64_t after, page_limits most, journal_page& to) {
    constexpr int passed_at_once = 4'096;
    const std::int64_t oldest = nanoseconds_of(system_clock::now()) - of.age_limit;
    const std::uint64_t spared = of.retain == retention::newest ? newest_of(of) : 0;
    std::uint64_t passed = std::max(after, of.evicted_through);
    filling page{to, most};
    cursor events = history_(of.number, passed);
    for (int i = 0; i < passed_at_once && !page.is_full(); ++i) {
        if (!events.next()) {
            return;
        }
        if (events.number(1) >= oldest || events.sequence(0) == spared) {
            page.add(record_of(events));
            page.add_all(events, passed);
            return;
        }
        passed = events.sequence(0);
        note_evicted(to, passed);
    }
    to.through = passed;
}

journal_page sqlite_reader::read_retained(
    std::string_view topic, std::uint64_t after, page_limits most) {
    const transaction one_state{in_, transaction::kind::reading};
    journal_page page = whole_page();
    const std::optional<topic_row> row = topics_.find(topic);
    if (!row) {
        note_evicted(page, unkept_.through(topic));
        return page;
    }
    const bool is_by_key = row->retain == retention::newest_per_key;
    const std::uint64_t before = is_by_key ? row->retained_from : row->evicted_through;
    note_evicted(page, is_by_key ? row->retained_evicted : row->evicted_through);
    if (row->retain != retention::none) {
        cursor events = (is_by_key ? retained_ : newest_)(row->number, std::max(after, before));
        filling{page, most}.add_all(events, after);
    }
    return page;
}

std::optional<std::uint64_t> sqlite_reader::find(std::string_view topic, std::string_view own_id) {
    const transaction one_state{in_, transaction::kind::reading};
    const std::optional<topic_row> row = topics_.find(topic);
    if (!row) {
        return std::nullopt;
    }
    cursor found = find_(row->number, own_id, row->evicted_through);
    return found.next() ? std::optional{found.sequence(0)} : std::nullopt;
}

journal_page sqlite_reader::whole_page() {
    cursor state = state_();
    state.next();
    journal_page page;
    page.through = std::numeric_limits<std::uint64_t>::max();
    page.evicted_through = state.sequence(0);
    return page;
}

std::uint64_t sqlite_reader::newest_of(const topic_row& of) {
    cursor found = newest_(of.number, of.evicted_through);
    return found.next() ? found.sequence(0) : 0;
}

} // namespace crier::detail
