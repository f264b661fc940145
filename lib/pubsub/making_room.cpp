#include "making_room.hpp"

#include "lifecycle.hpp"

namespace crier::detail {

bool making_room::make(
    const topic* to, std::size_t bytes, std::uint64_t newest, owed_drains& owed) noexcept {
    memory_budget::request room{budget_, bytes};
    while (true) {
        switch (room.next()) {
        case memory_budget::action::admit: return true;
        case memory_budget::action::deny: return false;
        case memory_budget::action::evict:
            reviews_.stop(topics_.evict(to, clock::now()), owed);
            break;
        case memory_budget::action::begin_round: begin_round(newest, owed); break;
        case memory_budget::action::leave_late: leave_late(newest, owed); break;
        }
    }
}

void making_room::begin_round(std::uint64_t newest, owed_drains& owed) noexcept {
    const std::uint64_t before = budget_.begin_round(newest);
    shards_.for_each([&](shard& each) {
        if (each.shed(before, owed)) {
            budget_.take_part();
        }
    });
}

/// Goes on without the shards that have not even begun, where others have made room.
void making_room::leave_late(std::uint64_t newest, owed_drains& owed) noexcept {
    std::size_t waited_for = 0;
    shards_.for_each([&](shard& each) {
        if (budget_.may_leave_late()) {
            each.leave_round();
        }
        waited_for += each.is_waited_for() ? 1 : 0;
    });
    if (budget_.wait_only_for(waited_for, newest)) {
        begin_round(newest, owed);
    }
}

void making_room::shard_has_shed(
    std::uint64_t oldest, bool has_subscribers, std::uint64_t newest, owed_drains& owed) noexcept {
    if (budget_.shard_done(oldest, has_subscribers, newest)) {
        begin_round(newest, owed);
    }
}

} // namespace crier::detail
