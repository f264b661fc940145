#pragma once

#include <crier/journal/sqlite_journal.hpp>

#include "database.hpp"
#include "journal_file.hpp"
#include "kept_events.hpp"
#include "numbers.hpp"
#include "sweep.hpp"
#include "topic_rows.hpp"
#include "unkept_names.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace crier::detail {

/// What writes to a journal's file. Throws `journal_error`, and then nothing has changed.
class sqlite_writer {
public:
    sqlite_writer(database& in, const std::string& path, const sqlite_journal_options& options);
    sqlite_writer(const sqlite_writer&) = delete;
    sqlite_writer& operator=(const sqlite_writer&) = delete;
    /// Ends the run in order.
    ~sqlite_writer();

    journal::numbering begin();
    void keep(std::string_view topic, const history_limits& history, retention retain);
    void append(std::span<const journal_entry> entries);
    void forget(std::string_view topic, std::optional<std::string_view> key);

private:
    /// A topic in an append. Without a row it keeps nothing.
    struct touched {
        std::optional<topic_row> row{};
        std::uint64_t newest = 0;
    };

    void check_files() const;
    void append_all(std::span<const journal_entry> entries);
    void add(const journal_entry& added, std::map<std::string_view, touched>& topics);
    void settle(std::string_view name, touched& topic, std::int64_t now, std::size_t& budget);
    void commit(transaction& all);

    database& in_;
    journal_safety safety_;
    file_identity file_;
    file_identity log_;
    numbers numbers_;
    topic_rows topics_;
    kept_events events_;
    unkept_names unkept_;
    sweep sweep_;
    bool has_begun_ = false;
    std::uint64_t newest_ = 0; ///< of the numbers that were certainly given
};

} // namespace crier::detail
