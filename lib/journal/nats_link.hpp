#pragma once

#include <nats/nats.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

namespace crier::detail {

/// One connection of libnats, from when it is made until it is lost. On any thread.
class nats_link {
public:
    /// What libnats tells, on threads of its own.
    struct callbacks {
        std::function<void()> lost;
        std::function<void(std::string_view subject)> lost_messages;
    };

    /// Connects. Errors: throws `journal_error`.
    nats_link(natsOptions& options, callbacks told);
    nats_link(const nats_link&) = delete;
    nats_link& operator=(const nats_link&) = delete;
    ~nats_link();

    natsConnection* get() const noexcept { return handle_.get(); }

    bool is_lost() const noexcept { return is_lost_; }

    /// It counts as lost from now on.
    void lose() noexcept { is_lost_ = true; }

    /// Ends it, with all its subscriptions. Nothing is told any more once that has returned.
    void close() noexcept;

private:
    static void closed(natsConnection*, void* to);
    static void failed(natsConnection*, natsSubscription* of, natsStatus error, void* to);

    callbacks told_;
    std::mutex lock_;
    std::condition_variable changed_;
    std::atomic<bool> is_lost_ = false;
    bool is_closed_ = false;
    std::unique_ptr<natsConnection, decltype(&natsConnection_Destroy)> handle_{
        nullptr, natsConnection_Destroy};
};

} // namespace crier::detail
