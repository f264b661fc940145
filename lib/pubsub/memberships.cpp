#include "memberships.hpp"

#include <algorithm>
#include <utility>

namespace crier::detail {

memberships::entering::~entering() {
    if (who_.id == 0) {
        of_.leave_topics(who_, owed_);
    }
}

void memberships::entering::enter(asked_topic& asked, const std::shared_ptr<shard>& on) {
    membership& given = who_.memberships.emplace_back(who_);
    topic* const found = of_.topics_.find(asked.options.name);
    topic& entered = found != nullptr ? *found
                                      : of_.topics_.open(asked.options.name,
                                            std::move(asked.settings), who_.joined);
    const owed_review at_end{of_.reviews_, entered, owed_};
    given.in = entered.enter(on);
    if (asked.spare_run && !entered.polling && entered.subscribers == 1) {
        entered.polling = std::exchange(asked.spare_run, nullptr);
        of_.reviews_.start(*entered.polling, owed_);
    }
}

void memberships::entering::stay() noexcept {
    who_.id = of_.next_++;
    ++of_.subscribers_;
}

void memberships::join(
    const std::shared_ptr<shard>& on, subscriber& who, owed_drains& owed) noexcept {
    for (const membership& each : who.memberships) {
        topic& joined = *each.in->of;
        joined.last_join = std::max(joined.last_join, who.joined);
    }
    intrusive_ptr_add_ref(&who);
    owed.push(on, static_cast<joining&>(who));
}

bool memberships::leave(subscriber& who, owed_drains& owed) noexcept {
    if (who.id == 0 || std::exchange(who.has_left, true)) {
        return false;
    }
    --subscribers_;
    leave_topics(who, owed);
    return true;
}

void memberships::leave_topics(subscriber& who, owed_drains& owed) noexcept {
    who.past.reset();
    const clock::time_point now = clock::now();
    for (const membership& each : who.memberships) {
        if (!each.in) {
            continue; // it came no further
        }
        topic& left = *each.in->of;
        left.leave(*each.in);
        if (left.subscribers == 0 && !left.is_retired) {
            reviews_.stop(topics_.left(left, now), owed);
        }
    }
    reviews_.adjust(owed);
}

} // namespace crier::detail
