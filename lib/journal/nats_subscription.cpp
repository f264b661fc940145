#include "nats_subscription.hpp"

#include "nats_links.hpp"

#include <mutex>
#include <utility>

namespace crier::detail {

struct nats_subscription::receiver {
    std::mutex lock{};
    callback call{};
};

nats_subscription::nats_subscription(nats_links& on, std::string subject, callback call)
    : on_{on}, subject_{std::move(subject)}, receiver_{std::make_shared<receiver>()} {
    receiver_->call = std::move(call);
    on_.add(*this);
}

nats_subscription::~nats_subscription() {
    on_.remove(*this);
    on_.ended().take(std::move(handle_));
    const std::scoped_lock locked{receiver_->lock};
    receiver_->call = nullptr;
}

bool nats_subscription::begin(natsConnection& on) {
    constexpr int messages = 1'000'000;
    constexpr int bytes = 64 * 1'024 * 1'024;
    on_.ended().take(std::move(handle_));
    auto kept = std::make_unique<std::shared_ptr<receiver>>(receiver_);
    natsSubscription* made = nullptr;
    if (natsConnection_Subscribe(&made, &on, subject_.c_str(), deliver, kept.get()) != NATS_OK) {
        return false;
    }
    handle_.reset(made);
    // Where it has ended already, libnats does not say when it calls no more: better to lose that
    // little memory.
    auto* const closure = kept.release();
    natsSubscription_SetPendingLimits(made, messages, bytes);
    return natsSubscription_SetOnCompleteCB(made, complete, closure) == NATS_OK;
}

void nats_subscription::deliver(
    natsConnection* /*on*/, natsSubscription* /*of*/, natsMsg* message, void* to) {
    nats_received received{message};
    receiver& receiving = **static_cast<std::shared_ptr<receiver>*>(to);
    const std::scoped_lock locked{receiving.lock};
    if (receiving.call) {
        try {
            receiving.call(std::move(received));
        } catch (...) { // NOLINT(bugprone-empty-catch): libnats has no use for it
        }
    }
}

void nats_subscription::complete(void* to) { delete static_cast<std::shared_ptr<receiver>*>(to); }

} // namespace crier::detail
