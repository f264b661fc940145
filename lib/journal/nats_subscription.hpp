#pragma once

#include "nats_ended.hpp"
#include "nats_received.hpp"

#include <nats/nats.h>

#include <functional>
#include <memory>
#include <string>

namespace crier::detail {

class nats_links;

/// A subscription until its end, on one connection after the other. Once it has ended, nothing is
/// called any more.
class nats_subscription {
public:
    /// What it throws loses the message.
    using callback = std::function<void(nats_received)>;

    /// Errors: throws `journal_error`.
    nats_subscription(nats_links& on, std::string subject, callback call);
    nats_subscription(const nats_subscription&) = delete;
    nats_subscription& operator=(const nats_subscription&) = delete;
    /// Waits for a call that runs: not to be used within one.
    ~nats_subscription();

    /// Subscribes there, and no more where it was before. False: that connection is lost.
    bool begin(natsConnection& on);

private:
    struct receiver;

    static void deliver(natsConnection*, natsSubscription*, natsMsg* message, void* to);
    static void complete(void* to);

    nats_links& on_;
    std::string subject_;
    std::shared_ptr<receiver> receiver_; ///< which libnats has until its last call
    nats_handle handle_{nullptr, natsSubscription_Destroy};
};

} // namespace crier::detail
