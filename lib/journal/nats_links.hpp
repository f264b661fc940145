#pragma once

#include <crier/journal/nats_journal.hpp>

#include "nats_ended.hpp"
#include "nats_link.hpp"
#include "nats_options.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>

namespace crier::detail {

class nats_subscription;

/// Who is told what becomes of a connection: on threads that must not wait.
class nats_watcher {
public:
    virtual void disconnected() noexcept = 0;
    /// All subscriptions are there again.
    virtual void reconnected() noexcept = 0;
    /// Messages of a subscription, by its subject, were lost, as too many waited.
    virtual void lost_messages(std::string_view subject) noexcept = 0;

protected:
    ~nats_watcher() = default;
};

/// One link after the other, for ever: as soon as one is lost, another is made, with all
/// subscriptions. libnats would do so itself, but not after each error of a server, nor after what
/// it could not write in time, of which it would go on with the rest.
class nats_links {
public:
    /// Connects. Errors: throws `journal_error`.
    nats_links(const nats_journal_options& options, nats_watcher& told);
    nats_links(const nats_links&) = delete;
    nats_links& operator=(const nats_links&) = delete;
    ~nats_links();

    /// The link that is up; null while there is none.
    std::shared_ptr<nats_link> current() const noexcept;

    /// Counts the links that were lost, and those that were made.
    std::uint64_t changes() const noexcept { return changes_; }

    /// Gives a link up, as nothing that it does can be trusted.
    void give_up(nats_link& link) noexcept;

    /// Errors: throws `journal_error`.
    void add(nats_subscription& added);
    void remove(nats_subscription& removed) noexcept;
    /// Where the handles of those go that have ended.
    nats_ended& ended() noexcept { return ended_; }

    void end() noexcept;

private:
    using milliseconds = std::chrono::milliseconds;

    std::shared_ptr<nats_link> connect();
    void wake() noexcept;
    void run() noexcept;
    bool wait_for_loss();
    bool pause(milliseconds least);
    bool connect_again();

    const nats_options options_;
    nats_watcher& told_;
    mutable std::mutex lock_;
    std::condition_variable changed_;
    bool is_ending_ = false;
    std::shared_ptr<nats_link> current_; ///< never null
    std::atomic<std::uint64_t> changes_ = 0;
    std::mutex subscribing_; ///< of these, also while they are made; before `lock_`
    std::set<nats_subscription*> subscriptions_;
    nats_ended ended_;
    std::thread thread_; ///< it uses the others
};

} // namespace crier::detail
