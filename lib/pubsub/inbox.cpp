#include "inbox.hpp"

#include <utility>

namespace crier::detail {

bool inbox::push(task& what) noexcept {
    std::unique_lock lock{mutex_};
    if (is_closed_) {
        lock.unlock();
        what.release();
        return false;
    }
    // A gap must not reach over what came in between, nor be told to those who come and go.
    ++run_;
    tasks_.push_back(what);
    return !std::exchange(drain_owed_, true);
}

void inbox::close() noexcept {
    task_list left;
    {
        const std::lock_guard lock{mutex_};
        is_closed_ = true;
        left.swap(tasks_);
    }
    release_all(left);
}

bool inbox::refuse(delivery& what) noexcept {
    const std::lock_guard lock{mutex_};
    if (is_closed_ || merge(what)) {
        what.release();
        if (is_closed_) {
            return false;
        }
    } else {
        tasks_.push_back(what);
        note(what);
    }
    return !std::exchange(drain_owed_, true);
}

/// Adds a refused event to the lane's latest one, if they are of one run.
bool inbox::merge(const delivery& what) const noexcept {
    if (what.in->refused_in != run_ || what.only_since > 0) {
        return false;
    }
    what.in->refused->last = what.last;
    what.in->refused->count += what.count;
    return true;
}

/// Where a refused event stands, for those that come.
void inbox::note(delivery& refused) const noexcept {
    refused.in->refused_in = refused.only_since == 0 ? run_ : 0;
    refused.in->refused = &refused;
}

void inbox::refuse_older(std::uint64_t than) noexcept {
    task_list merged;
    {
        const std::lock_guard lock{mutex_};
        ++run_;
        for (auto before = tasks_.before_begin(), at = tasks_.begin(); at != tasks_.end();) {
            auto* const event = dynamic_cast<delivery*>(&*at);
            if (event == nullptr || (!event->is_refused() && event->id.sequence >= than)) {
                ++run_;
            } else {
                if (!event->is_refused()) {
                    event->last = event->id.sequence;
                    event->refuse();
                }
                if (merge(*event)) {
                    at = tasks_.erase_after(before);
                    merged.push_back(*event);
                    continue;
                }
                note(*event);
            }
            before = at++;
        }
        ++run_;
    }
    release_all(merged);
}

void inbox::take(task_list& all) noexcept {
    const std::lock_guard lock{mutex_};
    all.swap(tasks_);
    ++run_;
    drain_owed_ = false;
}

void inbox::forgive_drain() noexcept {
    const std::lock_guard lock{mutex_};
    drain_owed_ = false;
}

} // namespace crier::detail
