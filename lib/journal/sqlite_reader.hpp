#pragma once

#include <crier/pubsub/journal.hpp>

#include "database.hpp"
#include "statement.hpp"
#include "topic_rows.hpp"
#include "unkept_names.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace crier::detail {

/// How much a page may hold.
struct page_limits {
    std::size_t events = 0;
    std::size_t bytes = 0;
};

/// What reads from a journal's file. Each call sees one state of it. Throws `journal_error`.
class sqlite_reader {
public:
    explicit sqlite_reader(database& in);

    journal_page read(std::string_view topic, std::uint64_t after, page_limits most);
    journal_page read_retained(std::string_view topic, std::uint64_t after, page_limits most);
    std::optional<std::uint64_t> find(std::string_view topic, std::string_view own_id);

private:
    /// A page of a topic that has nothing after the number, but for what is lost in all topics.
    journal_page whole_page();
    void read_history(const topic_row& of, std::uint64_t after, page_limits most, journal_page& to);
    std::uint64_t newest_of(const topic_row& of);

    database& in_;
    topic_rows topics_;
    unkept_names unkept_;
    statement state_;
    statement history_;
    statement newest_;
    statement retained_;
    statement find_;
};

} // namespace crier::detail
