#pragma once

#include <sched.h>

#include <condition_variable>
#include <mutex>

namespace crier::detail {

/// In its scope, who wakes this thread keeps its CPU. Where another way of scheduling was chosen
/// for the thread, that stays.
class woken_politely {
public:
    woken_politely() noexcept : is_usual_{::sched_getscheduler(0) == SCHED_OTHER} {
        if (is_usual_) {
            schedule_as(SCHED_BATCH);
        }
    }
    woken_politely(const woken_politely&) = delete;
    woken_politely& operator=(const woken_politely&) = delete;
    ~woken_politely() {
        if (is_usual_) {
            schedule_as(SCHED_OTHER);
        }
    }

private:
    static void schedule_as(int policy) noexcept {
        const sched_param none{};
        ::sched_setscheduler(0, policy, &none);
    }

    const bool is_usual_;
};

/// Waits for work, which others hand over. Else the kernel often runs the thread that is woken in
/// the place of the one that wakes it, and a call that only hands work over takes as long as that
/// work.
template <class Condition>
void polite_wait(
    std::condition_variable& on, std::unique_lock<std::mutex>& lock, Condition has_work) {
    if (!has_work()) {
        const woken_politely idle;
        on.wait(lock, has_work);
    }
}

} // namespace crier::detail
