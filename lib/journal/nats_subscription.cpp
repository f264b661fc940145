#include "nats_subscription.hpp"

#include "nats_error.hpp"

#include <mutex>
#include <utility>

namespace crier::detail {

/// It outlives its subscription until libnats calls no more.
struct nats_subscription::receiver {
    std::mutex lock{};
    callback call{};
};

nats_subscription::nats_subscription(natsConnection* on, const std::string& subject, callback call)
    : receiver_{nullptr}, subscription_{nullptr, natsSubscription_Destroy} {
    constexpr int messages = 1'000'000;
    constexpr int bytes = 64 * 1'024 * 1'024;
    auto made = std::make_unique<receiver>();
    made->call = std::move(call);
    natsSubscription* found = nullptr;
    const natsStatus status =
        natsConnection_Subscribe(&found, on, subject.c_str(), deliver, made.get());
    if (status != NATS_OK) {
        throw journal_error{errc::journal_unavailable, nats_words(status)};
    }
    subscription_.reset(found);
    natsSubscription_SetPendingLimits(found, messages, bytes);
    if (natsSubscription_SetOnCompleteCB(found, complete, made.get()) == NATS_OK) {
        receiver_ = made.release();
        return;
    }
    // It has ended already, and may be calling yet: there is nobody to say when it does no more.
    const std::scoped_lock locked{made->lock};
    made->call = nullptr;
    static_cast<void>(made.release()); // NOLINT(bugprone-unused-return-value): lost on purpose
    throw journal_error{errc::journal_unavailable, "the connection is closed"};
}

nats_subscription::~nats_subscription() {
    {
        const std::scoped_lock locked{receiver_->lock};
        receiver_->call = nullptr;
    }
    subscription_.reset();
}

void nats_subscription::deliver(
    natsConnection* /*on*/, natsSubscription* /*of*/, natsMsg* message, void* to) {
    nats_received received{message};
    auto& receiving = *static_cast<receiver*>(to);
    const std::scoped_lock locked{receiving.lock};
    if (receiving.call) {
        try {
            receiving.call(std::move(received));
        } catch (...) { // NOLINT(bugprone-empty-catch): libnats has no use for it
        }
    }
}

void nats_subscription::complete(void* to) { delete static_cast<receiver*>(to); }

} // namespace crier::detail
