#pragma once

#include "nats_received.hpp"

#include <nats/nats.h>

#include <functional>
#include <memory>
#include <string>

namespace crier::detail {

/// A subscription until its end. Once it has ended, nothing is called any more.
class nats_subscription {
public:
    /// What it throws loses the message.
    using callback = std::function<void(nats_received)>;

    /// Errors: throws `journal_error`.
    nats_subscription(natsConnection* on, const std::string& subject, callback call);
    nats_subscription(const nats_subscription&) = delete;
    nats_subscription& operator=(const nats_subscription&) = delete;
    /// Waits for a call that runs: not to be used within one.
    ~nats_subscription();

private:
    struct receiver;

    static void deliver(natsConnection*, natsSubscription*, natsMsg* message, void* to);
    static void complete(void* to);

    receiver* receiver_; ///< deleted by libnats' last call
    std::unique_ptr<natsSubscription, decltype(&natsSubscription_Destroy)> subscription_;
};

} // namespace crier::detail
