#pragma once

#include "memory_budget.hpp"
#include "review_alarm.hpp"
#include "shard_table.hpp"
#include "topic_table.hpp"

#include <cstddef>
#include <cstdint>

namespace crier::detail {

/// Makes room for events, as a budget says: topics let go of what they keep, and all shards shed,
/// in rounds. Guarded by the manager's lock. `newest` is the last sequence number given.
class making_room {
public:
    making_room(memory_budget& budget, topic_table& topics, shard_table& shards,
        review_alarm& reviews) noexcept
        : budget_{budget}, topics_{topics}, shards_{shards}, reviews_{reviews} {}

    /// Makes room for an event of so many bytes, which are counted already. False: there is none.
    /// The topic, if there is one, does not end by it.
    bool make(const topic* to, std::size_t bytes, std::uint64_t newest, owed_drains& owed) noexcept;

    /// A shard has done its part of a round; `oldest` is what still waits there.
    void shard_has_shed(std::uint64_t oldest, bool has_subscribers, std::uint64_t newest,
        owed_drains& owed) noexcept;

private:
    void begin_round(std::uint64_t newest, owed_drains& owed) noexcept;
    void leave_late(std::uint64_t newest, owed_drains& owed) noexcept;

    memory_budget& budget_;
    topic_table& topics_;
    shard_table& shards_;
    review_alarm& reviews_;
};

} // namespace crier::detail
