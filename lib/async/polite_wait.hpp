#pragma once

#include <sched.h>

namespace crier::detail {

/// Around a thread's wait for work: who wakes it keeps its CPU. Else the kernel often runs the one
/// that is woken in the place of the one that wakes it, and a call that only hands work over takes
/// as long as that work. Where another way of scheduling was chosen for the thread, that stays.
class polite_wait {
public:
    polite_wait() noexcept : is_usual_{::sched_getscheduler(0) == SCHED_OTHER} {
        if (is_usual_) {
            schedule_as(SCHED_BATCH);
        }
    }
    polite_wait(const polite_wait&) = delete;
    polite_wait& operator=(const polite_wait&) = delete;
    ~polite_wait() {
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

} // namespace crier::detail
