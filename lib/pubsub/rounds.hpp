#pragma once

#include "memory_budget.hpp"
#include "shard_table.hpp"

#include <cstdint>

namespace crier::detail {

/// The rounds in which all shards make room, as a budget asks for them. Guarded by the manager's
/// lock. `newest` is the last sequence number given.
class rounds {
public:
    rounds(memory_budget& budget, shard_table& shards) noexcept
        : budget_{budget}, shards_{shards} {}

    void begin(std::uint64_t newest, owed_drains& owed) noexcept;

    /// Goes on without the shards that have not even begun, where others have made room.
    void leave_late(std::uint64_t newest, owed_drains& owed) noexcept;

private:
    memory_budget& budget_;
    shard_table& shards_;
};

} // namespace crier::detail
