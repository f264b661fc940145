#include "sqlite_writer.hpp"

#include <crier/wire/errc.hpp>

#include "journal_error.hpp"

#include <algorithm>
#include <chrono>

namespace crier::detail {
namespace {

/// What a call may remove beside as much as it adds, so that none takes long.
constexpr std::size_t removed_at_once = 256;

std::int64_t now() noexcept { return nanoseconds_of(std::chrono::system_clock::now()); }

} // namespace

sqlite_writer::sqlite_writer(
    database& in, const std::string& path, const sqlite_journal_options& options)
    : in_{in},
      safety_{options.safety},
      file_{path},
      log_{path + "-wal"},
      numbers_{in},
      topics_{in},
      events_{in, options.keys_limit},
      unkept_{in},
      sweep_{in, topics_, events_, unkept_} {}

sqlite_writer::~sqlite_writer() {
    try {
        if (has_begun_) {
            numbers_.end(newest_);
        }
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch): as if it had been killed
    }
}

journal::numbering sqlite_writer::begin() {
    check_files();
    const journal::numbering result = numbers_.begin(safety_);
    newest_ = result.newest;
    has_begun_ = true;
    return result;
}

/// It needs not be on the disk before the topic's next event is, which takes it along.
void sqlite_writer::keep(std::string_view topic, const history_limits& history, retention retain) {
    check_files();
    in_.synchronize(false);
    transaction all{in_, transaction::kind::writing};
    std::optional<topic_row> row = topics_.find(topic);
    const bool is_known = row.has_value();
    if (!is_known) {
        row.emplace().evicted_through = unkept_.through(topic);
        row->retain = retain;
    }
    row->run = numbers_.run();
    row->limit(history);
    if (!is_known && row->keeps()) {
        topics_.add(topic, *row);
    } else if (is_known) {
        if (row->retain != retain) {
            events_.retain(*row, retain);
        }
        std::size_t budget = removed_at_once;
        events_.evict(*row, now(), budget);
        topics_.update(*row);
    }
    all.commit();
}

void sqlite_writer::append(std::span<const journal_entry> entries) {
    try {
        if (!entries.empty()) {
            append_all(entries);
        }
    } catch (const journal_error& error) {
        if (error.code() == boost::system::errc::no_space_on_device) {
            in_.free_log();
        }
        throw;
    }
}

void sqlite_writer::append_all(std::span<const journal_entry> entries) {
    const std::uint64_t newest = entries.back().sequence;
    newest_ = std::max(newest_, newest);
    check_files();
    in_.synchronize(safety_ == journal_safety::synced || numbers_.promises_with(newest));
    transaction all{in_, transaction::kind::writing};
    std::map<std::string_view, touched> topics;
    for (const journal_entry& each : entries) {
        add(each, topics);
    }
    const std::int64_t at = now();
    std::size_t budget = 2 * entries.size() + removed_at_once;
    for (auto& [name, topic] : topics) {
        settle(name, topic, at, budget);
    }
    sweep_.go_on(at, numbers_.run(), budget);
    numbers_.write(newest);
    commit(all);
    numbers_.note(newest);
}

void sqlite_writer::forget(std::string_view topic, std::optional<std::string_view> key) {
    check_files();
    in_.synchronize(safety_ == journal_safety::synced);
    transaction all{in_, transaction::kind::writing};
    std::optional<topic_row> row = topics_.find(topic);
    if (!row) {
        return;
    }
    if (!key) {
        events_.forget(*row);
    } else if (row->retain == retention::newest_per_key) {
        events_.forget(*row, *key);
    }
    std::size_t budget = removed_at_once;
    events_.evict(*row, now(), budget);
    topics_.update(*row);
    all.commit();
}

void sqlite_writer::check_files() const {
    if (!file_.is_in_place() || !log_.is_in_place()) {
        throw journal_error{errc::journal_unusable, "its file was removed or replaced"};
    }
}

void sqlite_writer::add(const journal_entry& added, std::map<std::string_view, touched>& topics) {
    const auto [at, is_first] = topics.try_emplace(added.topic);
    touched& topic = at->second;
    if (is_first) {
        topic.row = topics_.find(added.topic);
    }
    topic.newest = added.sequence;
    if (topic.row) {
        events_.add(added, *topic.row);
    }
}

void sqlite_writer::settle(
    std::string_view name, touched& topic, std::int64_t now, std::size_t& budget) {
    if (topic.row) {
        events_.evict(*topic.row, now, budget);
        topics_.update(*topic.row);
    } else {
        unkept_.note(name, topic.newest);
    }
}

/// What the disk did not confirm may stand in the file all the same, and would appear when the file
/// is read after a crash. The next transaction is written over it.
void sqlite_writer::commit(transaction& all) {
    try {
        all.commit();
    } catch (const journal_error&) {
        try {
            all.roll_back();
            numbers_.touch();
        } catch (const journal_error&) { // NOLINT(bugprone-empty-catch): a later one will
        }
        throw;
    }
}

} // namespace crier::detail
