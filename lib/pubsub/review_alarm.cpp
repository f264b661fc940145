#include "review_alarm.hpp"

#include "lifecycle.hpp"

namespace crier::detail {

void review_alarm::review(topic& idle, owed_drains& owed) noexcept {
    if (idle.subscribers > 0) {
        return;
    }
    if (!idle.in_schedule::is_linked()) {
        stop(topics_.review(idle, clock::now()), owed);
    }
    adjust(owed);
}

void review_alarm::adjust(owed_drains& owed) noexcept {
    const clock::time_point next = topics_.next_review();
    const bool is_late = next < at_;
    const bool is_idle = next == clock::time_point::max() && at_ != next;
    if ((is_late || is_idle) && !kept_) {
        kept_ = keeper_.lock();
        owed.push(shard_, *this);
    }
}

void review_alarm::start(polling_run& run, owed_drains& owed) noexcept {
    intrusive_ptr_add_ref(&run);
    owed.push(shard_, static_cast<starting&>(run));
}

void review_alarm::stop(const topic_table::stopped_run& run, owed_drains& owed) noexcept {
    if (run) {
        intrusive_ptr_add_ref(run.get());
        owed.push(shard_, static_cast<stopping&>(*run));
    }
}

void review_alarm::set(alarms& by) noexcept {
    at_ = topics_.next_review();
    if (at_ == clock::time_point::max()) {
        by.clear(alarm_);
    } else if (!by.set(alarm_, at_)) {
        at_ = clock::time_point::max(); // whoever publishes or leaves tries again
    }
}

void review_alarm::run(shard& on) noexcept {
    const std::lock_guard lock{guard_};
    set(on.timing());
}

void review_alarm::release() noexcept {
    std::shared_ptr<void> last;
    const std::lock_guard lock{guard_};
    last.swap(kept_);
}

void review_alarm::wake() {
    bool goes_on = true;
    while (goes_on) {
        // One at a time: publishers wait for the lock, and a history may be long.
        owed_drains owed;
        const std::lock_guard lock{guard_};
        topic_table::stopped_run stopped;
        goes_on = topics_.review_due(clock::now(), stopped);
        stop(stopped, owed);
        if (!goes_on) {
            set(shard_->timing());
        }
    }
}

} // namespace crier::detail
