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
    ++streak_;
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

bool inbox::deny(delivery& what) noexcept {
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

/// Adds a denied event to the lane's latest one, if they are of one streak.
bool inbox::merge(const delivery& what) const noexcept {
    if (what.in->denied_in != streak_ || what.only_since > 0) {
        return false;
    }
    what.in->denied->last = what.last;
    what.in->denied->count += what.count;
    return true;
}

/// Where a denied event stands, for those that come.
void inbox::note(delivery& denied) const noexcept {
    denied.in->denied_in = denied.only_since == 0 ? streak_ : 0;
    denied.in->denied = &denied;
}

void inbox::deny_older(std::uint64_t than) noexcept {
    task_list merged;
    {
        const std::lock_guard lock{mutex_};
        ++streak_;
        for (auto before = tasks_.before_begin(), at = tasks_.begin(); at != tasks_.end();) {
            auto* const event = dynamic_cast<delivery*>(&*at);
            if (event == nullptr || (!event->is_denied() && event->id.sequence >= than)) {
                ++streak_;
            } else {
                if (!event->is_denied()) {
                    event->deny();
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
        ++streak_;
    }
    release_all(merged);
}

void inbox::take(task_list& all) noexcept {
    const std::lock_guard lock{mutex_};
    all.swap(tasks_);
    ++streak_;
    drain_owed_ = false;
}

bool inbox::owe_drain() noexcept {
    const std::lock_guard lock{mutex_};
    return !is_closed_ && !std::exchange(drain_owed_, true);
}

void inbox::forgive_drain() noexcept {
    const std::lock_guard lock{mutex_};
    drain_owed_ = false;
}

} // namespace crier::detail
