#include "alarms.hpp"

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
    if (waiting_.empty() && waits_until_ != clock::time_point::max()) {
        // Nothing may be left that keeps the context at work.
        waits_until_ = clock::time_point::max();
        timer_.cancel();
    }
}

bool alarms::wait() noexcept {
    waits_until_ = waiting_.begin()->at;
    try {
        timer_.expires_at(waits_until_);
        const auto self = shared_from_this();
        timer_.async_wait(bind_memory(std::shared_ptr<handler_memory<256>>{self, &memory_},
            [weak = weak_from_this()](boost::system::error_code error) {
                const auto still = error ? nullptr : weak.lock();
                if (still) {
                    still->ring();
                }
            }));
        return true;
    } catch (...) {
        waits_until_ = clock::time_point::max(); // the next one who sets an alarm tries again
        return false;
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
