#include "rounds.hpp"

#include <cstddef>

namespace crier::detail {

void rounds::begin(std::uint64_t newest, owed_drains& owed) noexcept {
    const std::uint64_t before = budget_.begin_round(newest);
    shards_.for_each([&](shard& each) {
        if (each.shed(before, owed)) {
            budget_.take_part();
        }
    });
}

void rounds::leave_late(std::uint64_t newest, owed_drains& owed) noexcept {
    std::size_t waited_for = 0;
    shards_.for_each([&](shard& each) {
        if (budget_.may_leave_late()) {
            each.leave_round();
        }
        waited_for += each.is_waited_for() ? 1 : 0;
    });
    if (budget_.wait_only_for(waited_for, newest)) {
        begin(newest, owed);
    }
}

} // namespace crier::detail
