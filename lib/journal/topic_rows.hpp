#pragma once

#include <crier/pubsub/topic_policy.hpp>

#include "database.hpp"
#include "statement.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

/// What the file has of a topic beside its events. See the schema.
struct topic_row {
    std::int64_t number = 0;
    std::int64_t run = 0;
    std::int64_t events_limit = 0;
    std::int64_t bytes_limit = 0;
    std::int64_t age_limit = 0; ///< in nanoseconds
    retention retain = retention::none;
    std::int64_t events = 0;
    std::int64_t bytes = 0;
    std::int64_t keys = 0; ///< in `retained`
    std::uint64_t removed_through = 0;
    std::uint64_t evicted_through = 0;
    std::uint64_t retained_from = 0;
    std::uint64_t retained_evicted = 0;

    void limit(const history_limits& to) noexcept;
    bool keeps() const noexcept { return events_limit > 0 || retain != retention::none; }

    friend bool operator==(const topic_row&, const topic_row&) = default;
};

/// The topics of the file: those that keep something, or may.
class topic_rows {
public:
    explicit topic_rows(database& in);

    std::optional<topic_row> find(std::string_view name);

    /// The next one in the order of their numbers, and its name.
    std::optional<topic_row> next_after(std::int64_t number, std::string& name);

    void add(std::string_view name, topic_row& added);
    void update(const topic_row& changed);
    void remove(std::int64_t number);

private:
    database& in_;
    statement find_;
    statement next_;
    statement add_;
    statement update_;
    statement remove_;
};

} // namespace crier::detail
