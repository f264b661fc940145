#pragma once

#include <crier/pubsub/manager.hpp>

#include "lifecycle.hpp"
#include "shard.hpp"
#include "topic.hpp"

#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

namespace crier::detail {

/// The state behind manager and broker, kept by them, their subscriptions and their sessions.
class core : public std::enable_shared_from_this<core> {
public:
    core(const boost::asio::any_io_executor& executor, manager_options options);

    const boost::asio::any_io_executor& get_executor() const noexcept {
        return own_shard_->get_executor();
    }
    const manager_options& options() const noexcept { return options_; }
    const frame& heartbeat() const noexcept { return heartbeat_; }
    void log(severity level, std::string_view line) const { (*log_)(level, line); }

    /// A topic by its name, or one life of it only.
    struct destination {
        std::string_view name;
        const topic* life = nullptr;
    };
    using json_source = std::function<boost::json::value()>;

    boost::system::result<event_id> publish(
        destination to, const event_view& whole, publish_options options);
    /// The source is asked only where there is a subscriber.
    boost::system::result<event_id> publish(
        destination to, const json_source& source, publish_options options);

    subscription subscribe(std::vector<topic_options> topics, const subscribe_options& options);
    void unsubscribe(const std::shared_ptr<shard>& home, const std::shared_ptr<subscriber>& who);

    void shutdown();
    bool is_shut_down() const noexcept { return shut_down_; }

    void session_begins() noexcept { ++sessions_; }
    void session_ended(end_reason reason) noexcept;
    void no_session(end_reason why) noexcept { ++ended_[static_cast<std::size_t>(why)]; }
    manager_stats stats() const;

private:
    struct name_hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    /// Drains owed by who holds the lock, to be posted without it.
    using posts = boost::container::small_vector<std::shared_ptr<shard>, 4>;

    struct prepared {
        frame content;
        /// Only where it is to be compared.
        std::shared_ptr<const last_value> value;
    };

    template <class Prepare>
    boost::system::result<event_id> publish_prepared(
        destination to, bool only_changes, Prepare prepare);
    std::shared_ptr<topic> find(destination to) const;
    event_id next_id() noexcept;
    static void post_drains(const posts& owed);
    std::shared_ptr<shard> shard_of(const boost::asio::any_io_executor& executor);
    void join(topic_options& options, const std::shared_ptr<shard>& home,
        const std::shared_ptr<subscriber>& who, posts& owed);
    std::shared_ptr<topic> open(topic_options& options);
    void retire(const std::shared_ptr<topic>& ended);

    const manager_options options_;
    const std::shared_ptr<const logger> log_;
    const std::uint64_t epoch_;
    const frame heartbeat_;
    const std::shared_ptr<shard> own_shard_;
    const std::shared_ptr<lifecycle> lifecycle_;
    const std::shared_ptr<counters> counts_ = std::make_shared<counters>();
    std::atomic<std::size_t> sessions_{0};
    std::array<std::atomic<std::uint64_t>, end_reasons> ended_{};
    std::atomic<bool> shut_down_{false};

    mutable std::mutex mutex_;
    std::uint64_t sequence_ = 0;
    std::uint64_t next_subscriber_ = 1;
    std::size_t subscribers_ = 0;
    std::vector<std::weak_ptr<shard>> shards_;
    std::unordered_map<std::string, std::shared_ptr<topic>, name_hash, std::equal_to<>> topics_;
};

} // namespace crier::detail
