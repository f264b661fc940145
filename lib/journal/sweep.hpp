#pragma once

#include "database.hpp"
#include "kept_events.hpp"
#include "statement.hpp"
#include "topic_rows.hpp"
#include "unkept_names.hpp"

#include <cstddef>
#include <cstdint>

namespace crier::detail {

/// Goes round all topics, a few at a time: those that nobody publishes to any more keep events that
/// grow old, and are to go themselves in the end.
class sweep {
public:
    sweep(database& in, topic_rows& topics, kept_events& events, unkept_names& unkept);

    /// Looks at the next few, and gives some room in the file back, within a transaction. A topic
    /// that keeps nothing goes if nobody has opened it in this run.
    void go_on(std::int64_t now, std::int64_t run, std::size_t& budget);

private:
    void look_at_next(std::int64_t now, std::int64_t run, std::size_t& budget);
    void cut_file();

    topic_rows& topics_;
    kept_events& events_;
    unkept_names& unkept_;
    statement pages_;
    statement free_pages_;
    statement cut_;
    std::int64_t last_ = 0; ///< the topic that was looked at last
};

} // namespace crier::detail
