#include "inbox.hpp"

#include "lane.hpp"
#include "shedding.hpp"

#include <algorithm>
#include <utility>

namespace crier::detail {

bool inbox::push(item&& what) {
    const std::lock_guard lock{mutex_};
    // A gap must not reach over what came in between, nor be told to those who come and go.
    ++run_;
    const bool is_shed = std::holds_alternative<shed>(what);
    items_.push_back(std::move(what));
    shed_waits_ = shed_waits_ || is_shed;
    return !std::exchange(drain_owed_, true);
}

bool inbox::refuse(const std::shared_ptr<lane>& in, event_id id, std::uint64_t only_since) {
    const std::lock_guard lock{mutex_};
    const refusal what{in, id, id, 1, only_since};
    if (!merge(what)) {
        items_.emplace_back(what);
        note(what, items_.size() - 1);
    }
    return !std::exchange(drain_owed_, true);
}

/// Adds a refusal to the lane's latest one, if they are of one run.
bool inbox::merge(const refusal& what) {
    if (what.in->refused_in != run_ || what.only_since > 0) {
        return false;
    }
    auto& before = std::get<refusal>(items_[what.in->refused_at]);
    before.last = what.last;
    before.count += what.count;
    return true;
}

/// Where a refusal stands, for those that come.
void inbox::note(const refusal& what, std::size_t at) const {
    what.in->refused_in = what.only_since == 0 ? run_ : 0;
    what.in->refused_at = at;
}

void inbox::withdraw() {
    const std::lock_guard lock{mutex_};
    if (!std::exchange(shed_waits_, false)) {
        return;
    }
    const auto latest = std::find_if(items_.rbegin(), items_.rend(),
        [](const item& each) { return std::holds_alternative<shed>(each); });
    shed later = std::move(std::get<shed>(*latest));
    later.round.reset();
    ++run_;
    std::size_t kept = 0;
    for (item& each : items_) {
        if (const auto* const came = std::get_if<arrival>(&each);
            came != nullptr && came->id.sequence < later.before) {
            each = refusal{came->in, came->id, came->id, 1, came->only_since};
        }
        const auto* const refused = std::get_if<refusal>(&each);
        if (std::holds_alternative<shed>(each) || (refused != nullptr && merge(*refused))) {
            continue;
        }
        if (refused != nullptr) {
            note(*refused, kept);
        } else {
            ++run_;
        }
        if (&items_[kept] != &each) {
            items_[kept] = std::move(each);
        }
        ++kept;
    }
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(kept), items_.end());
    ++run_;
    items_.emplace_back(std::move(later));
}

void inbox::swap(std::vector<item>& emptied) {
    const std::lock_guard lock{mutex_};
    emptied.swap(items_);
    ++run_;
    drain_owed_ = false;
    shed_waits_ = false;
}

void inbox::forgive_drain() {
    const std::lock_guard lock{mutex_};
    drain_owed_ = false;
}

} // namespace crier::detail
