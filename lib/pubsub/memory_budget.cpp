#include "memory_budget.hpp"

#include <algorithm>
#include <limits>

namespace crier::detail {

void memory_budget::use(evictable& used) noexcept {
    if (used.is_linked()) {
        by_use_.splice(by_use_.end(), by_use_, by_use_.iterator_to(used));
    } else {
        by_use_.push_back(used);
    }
}

void memory_budget::forget(evictable& gone) noexcept {
    if (gone.is_linked()) {
        by_use_.erase(by_use_.iterator_to(gone));
    }
}

memory_budget::action memory_budget::request::next() noexcept {
    const std::size_t limit = of_.limit_;
    const std::size_t used = of_.account_->used();
    if (used > limit) {
        if (size_ > limit) {
            return action::deny; // nobody is to make room for what has none
        }
        if (!of_.by_use_.empty()) {
            return action::evict;
        }
        if (!of_.is_in_round() && !began_) {
            began_ = true;
            return action::begin_round;
        }
        if (used - limit > limit / 32 && of_.is_in_round() && !left_late_) {
            left_late_ = true;
            return action::leave_late;
        }
    }
    // A little over the limit is for what is on its way while others make room. Where that is not
    // enough, all is denied until they have: small events that still fit would tear the gaps, and
    // what tells of them, into pieces without end.
    of_.is_denying_ = used > limit && (of_.is_denying_ || used - limit > limit / 16);
    return of_.is_denying_ ? action::deny : action::admit;
}

std::uint64_t memory_budget::begin_round(std::uint64_t newest) noexcept {
    // The half of what may wait, by the numbers, is the next to go.
    const std::uint64_t oldest = std::max(oldest_, std::min(shed_before_, newest));
    shed_before_ = oldest + (newest - oldest) / 2 + 1;
    oldest_ = std::numeric_limits<std::uint64_t>::max();
    has_answer_ = false;
    return shed_before_;
}

bool memory_budget::shard_done(
    std::uint64_t oldest, bool has_subscribers, std::uint64_t newest) noexcept {
    oldest_ = std::min(oldest_, oldest);
    has_answer_ = has_answer_ || has_subscribers;
    --shards_;
    return end_round(newest);
}

bool memory_budget::wait_only_for(std::size_t shards, std::uint64_t newest) noexcept {
    shards_ = shards;
    return end_round(newest);
}

bool memory_budget::end_round(std::uint64_t newest) noexcept {
    if (is_in_round()) {
        return false;
    }
    if (account_->used() > limit_ - limit_ / 8 && oldest_ <= newest) {
        return true;
    }
    oldest_ = 0; // nothing waits any more of what had to go this time
    return false;
}

} // namespace crier::detail
