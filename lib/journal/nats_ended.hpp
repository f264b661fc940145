#pragma once

#include <nats/nats.h>

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace crier::detail {

/// A subscription of libnats, which is to end with its handle.
using nats_handle = std::unique_ptr<natsSubscription, decltype(&natsSubscription_Destroy)>;

/// Keeps the handles of subscriptions that have ended for a while. The thread of libnats 3.4 that
/// reads a connection may have found one for a message already, and does not keep it itself: it
/// would use freed memory. Thread-safe.
class nats_ended {
public:
    /// Ends it. Nothing is delivered to it from then on but for what is on its way.
    void take(nats_handle ended) noexcept {
        if (!ended) {
            return;
        }
        natsSubscription_Unsubscribe(ended.get());
        const std::scoped_lock locked{lock_};
        const clock::time_point now = clock::now();
        while (!all_.empty() && all_.front().first + longest < now) {
            all_.pop_front();
        }
        try {
            all_.emplace_back(now, nats_handle{nullptr, natsSubscription_Destroy});
            all_.back().second = std::move(ended);
        } catch (const std::bad_alloc&) {
            static_cast<void>(ended.release()); // better to lose that little memory
        }
    }

private:
    using clock = std::chrono::steady_clock;

    /// That a message may take from being read to its subscription.
    static constexpr std::chrono::seconds longest{30};

    std::mutex lock_;
    std::deque<std::pair<clock::time_point, nats_handle>> all_; ///< the oldest first
};

} // namespace crier::detail
