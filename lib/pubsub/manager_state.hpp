#pragma once

#include <crier/pubsub/manager.hpp>

#include "asked_topics.hpp"
#include "closed_topics.hpp"
#include "draft.hpp"
#include "journaling.hpp"
#include "leftovers.hpp"
#include "lifecycle.hpp"
#include "making_room.hpp"
#include "memberships.hpp"
#include "memory_budget.hpp"
#include "reading_back.hpp"
#include "review_alarm.hpp"
#include "shard_table.hpp"
#include "topic_table.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
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
    const manager_options& options() const noexcept { return options_; }
    const frame& heartbeat() const noexcept { return heartbeat_; }
    const memory_account_ptr& account() const noexcept { return budget_.account(); }
    /// Does not throw.
    const logger& log() const noexcept { return *log_; }

    boost::system::result<event_id> publish(const publication& what);

    /// The same, and tells of it when it is in the journal.
    void publish(publication what, acknowledgement then);

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
    bool is_shut_down() const noexcept { return is_shut_down_; }

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
            const std::lock_guard lock{mutex_};
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

    sight look(const publication& what) const;
    boost::system::error_code refuse(const publication& what, boost::system::error_code why);
    event_id publish_to_nobody(const publication& what) noexcept;
    void note_life(const publication& what) noexcept;
    event_id commit(const publication& what, draft& drawn, const sight& seen, owed_drains& owed);
    boost::system::result<event_id> enqueue(
        const publication& what, draft& drawn, const sight& seen, owed_drains& owed);
    bool waits_for_journal(const sight& seen, const draft& drawn) const noexcept;
    void take_turn(turn&& by);
    void begin_journaling();
    void end_topics(owed_drains& owed) noexcept;

    bool are_closed(asked_topics& asked) const noexcept;
    void make_missing_runs(asked_topics& topics, std::unique_lock<std::mutex>& lock);

    void shard_has_shed(std::uint64_t oldest, bool has_subscribers) noexcept override;

    const manager_options options_;
    const std::shared_ptr<const logger> log_;
    const std::uint64_t epoch_;
    const frame heartbeat_;
    const std::shared_ptr<counters> counts_ = std::make_shared<counters>();
    std::atomic<std::uint64_t> refused_{0};
    std::atomic<bool> is_shut_down_{false};
    const std::shared_ptr<leftovers> left_;

    std::atomic<void*> companion_{nullptr};

    mutable std::mutex mutex_;
    std::shared_ptr<void> companion_keeper_;
    std::uint64_t sequence_;
    bool has_cut_ = false;
    unsigned refusals_logged_ = 0; ///< of topics that there are none of
    memory_budget budget_;
    closed_topics closed_;
    topic_table topics_;
    reading_back::common reading_back_;
    shard_table shards_;
    std::shared_ptr<shard> own_; ///< the manager's
    std::shared_ptr<lifecycle> polling_;
    review_alarm reviews_{mutex_, topics_};
    memberships memberships_{topics_, reviews_};
    making_room room_{budget_, topics_, shards_, reviews_};
    std::unique_ptr<journaling> journaling_; ///< none without a journal
};

} // namespace crier::detail
