#include "alarms.hpp"

namespace crier::detail {

void alarms::set(alarm& added, clock::time_point at) {
    added.unlink();
    added.at = at;
    waiting_.insert(added);
    // A wait that is over has lost its handler, to a lack of memory.
    if (at < waits_until_ || waits_until_ < clock::now()) {
        wait();
    }
}

void alarms::clear(alarm& removed) noexcept {
    removed.unlink();
    if (waiting_.empty()) {
        // Nothing may be left that keeps the context at work.
        timer_.cancel();
        waits_until_ = clock::time_point::max();
    }
}

void alarms::wait() {
    waits_until_ = waiting_.begin()->at;
    timer_.expires_at(waits_until_);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = error ? nullptr : weak.lock();
        if (self) {
            self->ring();
        }
    });
}

void alarms::ring() {
    waits_until_ = clock::time_point::max();
    const clock::time_point now = clock::now();
    while (!waiting_.empty() && waiting_.begin()->at <= now) {
        alarm& due = *waiting_.begin();
        due.unlink();
        due.whom.wake();
    }
    if (!waiting_.empty() && waiting_.begin()->at < waits_until_) {
        wait();
    }
}

} // namespace crier::detail
