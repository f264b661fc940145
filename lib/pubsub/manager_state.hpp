#pragma once

#include <crier/pubsub/manager.hpp>

#include "asked_topics.hpp"
#include "journaling.hpp"
#include "leftovers.hpp"
#include "lifecycle.hpp"
#include "manager_core.hpp"
#include "memberships.hpp"
#include "publishing.hpp"
#include "reading_back.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crier::detail {

/// The one lock and the one sequence behind a manager or broker, kept by it, its subscriptions and
/// its sessions. It lists the steps; each is explained in the class that does it.
class manager_state final : public shed_listener,
                            public std::enable_shared_from_this<manager_state> {
public:
    static std::shared_ptr<manager_state> make(
        const boost::asio::any_io_executor& executor, manager_options options);
    manager_state(const manager_state&) = delete;
    manager_state& operator=(const manager_state&) = delete;
    ~manager_state();

    const boost::asio::any_io_executor& get_executor() const noexcept {
        return own_->get_executor();
    }
    const manager_options& options() const noexcept { return core_.options; }
    const frame& heartbeat() const noexcept { return heartbeat_; }
    const memory_account_ptr& account() const noexcept { return core_.account(); }
    /// Does not throw.
    const logger& log() const noexcept { return *core_.log; }

    boost::system::result<event_id> publish(const publication& what) {
        return publishing_.publish(what);
    }
    void publish(publication what, const acknowledgement& then) {
        publishing_.publish(std::move(what), then);
    }

    /// Waits for what is on its way to the journal, within a second. After `shutdown`, on a thread
    /// that may wait.
    void end_journaling() noexcept;

    /// The shard of the executor, or the manager's own where there is none.
    std::shared_ptr<shard> shard_of(const boost::asio::any_io_executor& executor);

    /// Lets a subscriber that is not read yet join its topics. Nothing changes where it throws.
    void subscribe(const std::shared_ptr<shard>& on, subscriber& who,
        std::vector<topic_options> topics, const subscribe_options& options);

    /// From here on the subscriber gets nothing more. Idempotent.
    void unsubscribe(const std::shared_ptr<shard>& from, subscriber& who) noexcept;

    /// As `unsubscribe`, for one whose shard's context has gone, or that was not read.
    void forget(subscriber& who) noexcept;

    /// Puts the next piece of what the subscriber reads back into its queue, on its shard; after
    /// the last one it joins its topics. Where it throws, it can be called again. False: nothing
    /// could be read yet, and the subscriber is woken when it can.
    bool read_on(const std::shared_ptr<shard>& on, subscriber& who);

    void end_streams(std::string_view name);
    void close_topic(std::string_view name);
    void forget_kept(std::string_view name, std::optional<std::string> key);
    void shutdown() noexcept;
    bool is_shut_down() const noexcept { return core_.is_shut_down; }

    /// What a shutdown waits for.
    leftovers& left() const noexcept { return *left_; }
    /// Ends all streams that are left as they are. Idempotent.
    void cut_streams() noexcept;

    manager_stats stats() const;

    /// What the layer above keeps with the manager: one object of its own type.
    template <class Companion>
    Companion& companion() {
        // Without the lock, once it is there: each stream asks for it at its beginning and end.
        void* there = companion_.load(std::memory_order_acquire);
        if (there == nullptr) {
            const std::lock_guard lock{core_.guard};
            if (!companion_keeper_) {
                companion_keeper_ = std::make_shared<Companion>();
            }
            there = companion_keeper_.get();
            companion_.store(there, std::memory_order_release);
        }
        return *static_cast<Companion*>(there);
    }

private:
    manager_state(const boost::asio::any_io_executor& executor, manager_options&& checked,
        const journal::numbering& from);

    void begin_journaling();
    void follow(const subscriber& who);
    void take_turn(turn&& by);
    bool send_action(std::string_view name, journal_action what, std::string_view key = {});
    void act(journal_action what, std::string_view name, std::string_view key, owed_drains& owed);
    void end_streams(std::string_view name, owed_drains& owed) const;
    void close_topic(std::string_view name, owed_drains& owed);
    void forget_kept(
        std::string_view name, std::optional<std::string_view> key, owed_drains& owed) noexcept;
    void end_topics(owed_drains& owed) noexcept;

    bool are_closed(asked_topics& asked) const noexcept;
    void make_missing_runs(asked_topics& topics, std::unique_lock<std::mutex>& lock);

    void shard_has_shed(std::uint64_t oldest, bool has_subscribers) noexcept override;

    manager_core core_;
    const frame heartbeat_;
    const std::shared_ptr<leftovers> left_;

    std::atomic<void*> companion_{nullptr};

    // Guarded by the core's lock:

    std::shared_ptr<void> companion_keeper_;
    bool has_cut_ = false;
    std::shared_ptr<shard> own_; ///< the manager's
    std::shared_ptr<lifecycle> polling_;
    memberships memberships_{core_.topics, core_.reviews};
    reading_back::common reading_back_{core_};
    publishing publishing_{core_};
    std::unique_ptr<journaling> journaling_; ///< none without a journal
};

} // namespace crier::detail
