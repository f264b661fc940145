#include "alarms.hpp"

#include "executors.hpp"

#include <exception>

namespace crier::detail {

bool alarms::set(alarm& added, clock::time_point at) noexcept {
    added.unlink();
    added.at = at;
    waiting_.insert(added);
    // A wait that is over has lost its handler, to a lack of memory.
    const bool lacks_wait = at < waits_until_ || waits_until_ < clock::now();
    return !lacks_wait || wait();
}

void alarms::clear(alarm& removed) noexcept {
    removed.unlink();
    if (waiting_.empty() && has_wait_) {
        // Nothing may be left that keeps the context at work.
        waits_until_ = clock::time_point::max();
        timer_.cancel();
    }
}

bool alarms::wait() noexcept {
    waits_until_ = waiting_.begin()->at;
    try {
        timer_.expires_at(waits_until_);
        if (!has_wait_.exchange(true)) {
            const auto self = shared_from_this();
            timer_.async_wait(bind_memory(std::shared_ptr<handler_memory<256>>{self, &wait_memory_},
                [weak = weak_from_this()](boost::system::error_code error) {
                    if (const auto still = weak.lock()) {
                        still->hand_over(!error);
                    }
                }));
        }
        return true;
    } catch (...) {
        has_wait_ = false;
        waits_until_ = clock::time_point::max(); // the next one who sets an alarm tries again
        return false;
    }
}

/// In any thread of the context.
void alarms::hand_over(bool is_time) {
    if (runs_here(executor_)) {
        wait_is_over(is_time);
        return;
    }
    try {
        const auto self = shared_from_this();
        post_typed(executor_, bind_memory(std::shared_ptr<small_handler_memory>{self, &end_memory_},
                                  [self, is_time] { self->wait_is_over(is_time); }));
    } catch (...) {
        has_wait_ = false; // an executor of somebody else's that has no memory
    }
}

void alarms::wait_is_over(bool is_time) {
    has_wait_ = false;
    if (is_time) {
        ring();
    } else if (!waiting_.empty()) {
        wait();
    }
}

void alarms::ring() {
    waits_until_ = clock::time_point::max();
    const clock::time_point now = clock::now();
    std::exception_ptr failure;
    while (!waiting_.empty() && waiting_.begin()->at <= now) {
        alarm& due = *waiting_.begin();
        due.unlink();
        try {
            due.whom.wake();
        } catch (...) {
            failure = std::current_exception(); // the others' time has come all the same
        }
    }
    if (!waiting_.empty() && waiting_.begin()->at < waits_until_) {
        wait();
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

} // namespace crier::detail
