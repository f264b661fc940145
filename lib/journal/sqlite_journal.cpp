#include <crier/journal/sqlite_journal.hpp>

#include "database.hpp"
#include "journal_calls.hpp"
#include "journal_file.hpp"
#include "schema.hpp"
#include "sqlite_reader.hpp"
#include "sqlite_writer.hpp"

#include <atomic>
#include <stdexcept>
#include <utility>

namespace crier {

using detail::error_of;
using detail::result_of;

namespace {

detail::database open_to_write(const std::string& path, const std::atomic<bool>& is_ending) {
    detail::make_private_file(path);
    detail::database opened{path, is_ending};
    detail::open_schema(opened);
    opened.execute("PRAGMA secure_delete = FAST");
    opened.execute("PRAGMA journal_size_limit = 67108864");
    opened.execute("PRAGMA cache_size = -8192");
    // 16 MB of log: pages that each append changes, such as of an index, are moved to the file more
    // seldom. With many topics that is twice as fast.
    opened.execute("PRAGMA wal_autocheckpoint = 4000");
    return opened;
}

detail::database open_to_read(const std::string& path, const std::atomic<bool>& is_ending) {
    detail::database opened{path, is_ending};
    opened.execute("PRAGMA query_only = ON");
    return opened;
}

void check(const sqlite_journal_options& options) {
    if (options.path.empty() || options.path.find('\0') != std::string::npos) {
        throw std::invalid_argument{"sqlite_journal_options::path is empty, or contains NUL"};
    }
    if (options.keys_limit == 0) {
        throw std::invalid_argument{"sqlite_journal_options::keys_limit is 0"};
    }
}

} // namespace

struct sqlite_journal::parts {
    explicit parts(const sqlite_journal_options& options)
        : path{detail::journal_path(options.path)},
          lock{path},
          writing{open_to_write(path, is_ending)},
          reading{open_to_read(path, is_ending)},
          writer{writing, path, options},
          reader{reading} {}

    const std::string path;
    const detail::journal_lock lock;
    std::atomic<bool> is_ending = false;
    detail::database writing;
    detail::database reading;
    detail::sqlite_writer writer;
    detail::sqlite_reader reader;
};

sqlite_journal::sqlite_journal(const sqlite_journal_options& options) {
    check(options);
    try {
        parts_ = std::make_unique<parts>(options);
    } catch (const detail::journal_error& error) {
        throw detail::unusable_journal{options.path, error};
    }
}

sqlite_journal::~sqlite_journal() = default;

boost::system::result<journal::numbering> sqlite_journal::begin() {
    return result_of<numbering>([&] { return parts_->writer.begin(); });
}

boost::system::error_code sqlite_journal::keep(
    std::string_view topic, const history_limits& history, retention retain) {
    return error_of([&] { parts_->writer.keep(topic, history, retain); });
}

boost::system::error_code sqlite_journal::append(std::span<journal_entry> entries) {
    return error_of([&] { parts_->writer.append(entries); });
}

boost::system::error_code sqlite_journal::forget(
    std::string_view topic, std::optional<std::string_view> key) {
    return error_of([&] { parts_->writer.forget(topic, key); });
}

boost::system::result<journal_page> sqlite_journal::read(
    std::string_view topic, std::uint64_t after, std::size_t events, std::size_t bytes) {
    return result_of<journal_page>(
        [&] { return parts_->reader.read(topic, after, {events, bytes}); });
}

boost::system::result<journal_page> sqlite_journal::read_retained(
    std::string_view topic, std::uint64_t after, std::size_t events, std::size_t bytes) {
    return result_of<journal_page>(
        [&] { return parts_->reader.read_retained(topic, after, {events, bytes}); });
}

boost::system::result<std::optional<std::uint64_t>> sqlite_journal::find(
    std::string_view topic, std::string_view own_id) {
    return result_of<std::optional<std::uint64_t>>(
        [&] { return parts_->reader.find(topic, own_id); });
}

void sqlite_journal::end() noexcept { parts_->is_ending = true; }

} // namespace crier
