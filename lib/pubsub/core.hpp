#pragma once

#include <crier/pubsub/manager.hpp>

#include "forgotten.hpp"
#include "lifecycle.hpp"
#include "shard.hpp"
#include "topic.hpp"
#include "wire/frame_access.hpp"

#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

namespace crier::detail {

/// Errors: throws `std::invalid_argument` on limits that make no sense.
void check_limits(const queue_limits& limits);
void check_limits(const history_limits& limits);

/// The state behind manager and broker, kept by them, their subscriptions and their sessions.
class core : public std::enable_shared_from_this<core> {
public:
    core(const boost::asio::any_io_executor& executor, manager_options options);
    core(const core&) = delete;
    core& operator=(const core&) = delete;
    ~core();

    const boost::asio::any_io_executor& get_executor() const noexcept {
        return own_shard_->get_executor();
    }
    const manager_options& options() const noexcept { return options_; }
    const frame& heartbeat() const noexcept { return heartbeat_; }
    const std::shared_ptr<memory_account>& memory() const noexcept { return memory_; }
    void log(severity level, std::string_view line) const { (*log_)(level, line); }

    /// A topic by its name, or while a run of its polling lasts only.
    struct destination {
        std::string_view name;
        const polling_run* run = nullptr;
    };
    using json_source = std::function<boost::json::value()>;

    boost::system::result<event_id> publish(
        destination to, const event_view& whole, publish_options options);
    /// The source is asked only where there is a subscriber.
    boost::system::result<event_id> publish(
        destination to, const json_source& source, publish_options options);

    subscription subscribe(std::vector<topic_options> topics, const subscribe_options& options);

    /// Where it throws, the caller unsubscribes.
    void subscribe(const std::shared_ptr<shard>& home, const std::shared_ptr<subscriber>& who,
        std::vector<topic_options> topics, const subscribe_options& options);
    void unsubscribe(const std::shared_ptr<shard>& home, const std::shared_ptr<subscriber>& who);

    /// Puts the next piece of what the subscriber reads back into its queue, on its shard; after
    /// the last one it joins its topics.
    void read_on(const std::shared_ptr<shard>& home, const std::shared_ptr<subscriber>& who);

    /// The shard of the executor, or of the core's own one where there is none.
    std::shared_ptr<shard> home_of(const boost::asio::any_io_executor& executor);

    void end_streams(std::string_view name);

    void shutdown();
    bool is_shut_down() const noexcept { return shut_down_; }

    void session_begins() noexcept { ++sessions_; }
    void session_ended(end_reason reason) noexcept;
    void no_session(end_reason why) noexcept { ++ended_[static_cast<std::size_t>(why)]; }
    manager_stats stats() const;

private:
    /// Drains owed by who holds the lock, to be posted without it.
    using posts = boost::container::small_vector<std::shared_ptr<shard>, 4>;

    /// An event on its way in.
    struct outgoing {
        event_view whole;
        /// Only where it is to be compared.
        std::shared_ptr<const last_value> value;
    };

    /// An encoded event that waits for the lock.
    struct draft {
        frame content;
        event_id guessed;
        bool is_numbered;
        bool only_changes;
        std::shared_ptr<const last_value> value;
        std::shared_ptr<const last_value> last;
        /// Whether the value is the last one.
        bool equal;
    };

    template <class Encode>
    std::shared_ptr<topic> settle(
        std::unique_lock<std::mutex>& lock, destination to, draft& drawn, Encode encode);
    template <class Prepare>
    boost::system::result<event_id> publish_prepared(
        destination to, const publish_options& options, Prepare prepare);
    boost::system::result<frame> encode(
        const event_view& whole, const topic_settings& as, event_id id, std::size_t overhead) const;
    std::shared_ptr<topic> find(destination to) const;
    event_id skip(std::string_view name) noexcept;
    void deliver(const std::shared_ptr<topic>& to, inbox::arrival what, const event_view& whole,
        posts& owed);
    void keep(
        const std::shared_ptr<topic>& to, const inbox::arrival& what, const event_view& whole);
    void miss(const std::shared_ptr<topic>& to, std::uint64_t sequence, std::string_view key);
    static void post_drains(const posts& owed);

    topic_settings settings_of(std::string_view name) const;
    std::vector<topic_settings> settings_of(const std::vector<topic_options>& topics) const;
    posts shards() const;
    std::shared_ptr<shard> shard_of(const boost::asio::any_io_executor& executor);
    std::shared_ptr<topic> open(std::string_view name, topic_settings settings);
    std::shared_ptr<topic> enter(topic_options& options, topic_settings settings,
        const std::shared_ptr<shard>& home, const std::shared_ptr<subscriber>& who);
    void leave(const std::shared_ptr<topic>& left);
    void start_polling(const std::shared_ptr<topic>& of, std::shared_ptr<polling_service> service,
        std::chrono::milliseconds linger);
    void stop_polling(topic& of);
    void retire(const std::shared_ptr<topic>& ended);

    void begin_reading(subscriber& who, std::string_view last_event_id);
    bool resume_from(subscriber& who, std::string_view last_event_id);
    void stop_reading(subscriber& who);
    void tell_evicted(subscriber& who);
    bool read_piece(subscriber& who);
    void join(
        const std::shared_ptr<shard>& home, const std::shared_ptr<subscriber>& who, posts& owed);

    void review_later(const std::shared_ptr<topic>& idle);
    void review(const std::shared_ptr<topic>& idle, clock::time_point now);
    void review_due();
    void wait_for_due();
    void set_due_timer();

    void touch(topic& used);
    void forget_use(topic& used);
    bool evict_one(const topic& but);
    bool has_room(const topic& to, const frame& added, posts& owed);
    void shed(std::uint64_t oldest, posts& owed);
    void go_on_without_the_late();
    void on_shed(std::uint64_t oldest);

    const manager_options options_;
    const std::shared_ptr<const logger> log_;
    const std::uint64_t epoch_;
    const frame heartbeat_;
    const std::shared_ptr<shard> own_shard_;
    const std::shared_ptr<lifecycle> lifecycle_;
    const std::shared_ptr<counters> counts_ = std::make_shared<counters>();
    const std::shared_ptr<memory_account> memory_ = std::make_shared<memory_account>();
    std::atomic<std::size_t> sessions_{0};
    std::array<std::atomic<std::uint64_t>, end_reasons> ended_{};
    std::atomic<bool> shut_down_{false};
    /// On the strand only.
    timer due_timer_;

    mutable std::mutex mutex_;
    std::uint64_t sequence_ = 0;
    std::uint64_t next_subscriber_ = 1;
    std::size_t subscribers_ = 0;
    std::uint64_t resumed_ = 0;
    std::array<std::uint64_t, gap_reasons> gaps_{};
    std::vector<std::weak_ptr<shard>> shards_;
    std::unordered_map<std::string, std::shared_ptr<topic>, name_hash, std::equal_to<>> topics_;
    forgotten forgotten_;
    std::list<topic*> by_use_;
    topic::schedule due_;
    /// Whether the timer may be waiting, be it for what is not due any more.
    bool is_timing_ = false;
    bool is_shedding_ = false;
    std::uint64_t shed_before_ = 0;
    std::weak_ptr<shedding> round_;
    bool is_refusing_ = false;
};

} // namespace crier::detail
