#pragma once

#include <crier/pubsub/logger.hpp>
#include <crier/pubsub/signal.hpp>

#include "backlog.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/container/small_vector.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

namespace crier::detail {

struct counters {
    std::atomic<std::uint64_t> published{0};
    std::atomic<std::uint64_t> delivered{0};
    std::atomic<std::uint64_t> dropped{0};
    std::atomic<std::uint64_t> bytes{0};
};

struct topic;

/// One subscriber: its signal may be set from anywhere, its topics are guarded by the core's mutex,
/// and all else is touched on its shard only.
struct subscriber {
    subscriber(
        const boost::asio::any_io_executor& executor, std::uint64_t number, std::size_t bound)
        : id{number}, wake{executor}, pending{bound} {}

    const std::uint64_t id;
    signal wake;
    boost::container::small_vector<std::shared_ptr<topic>, 1> topics;
    backlog pending;
    bool shut_down = false;
    bool dirty = false;
    bool drop_logged = false;
    /// The last sequence number given before it subscribed.
    std::uint64_t joined = 0;
    /// Where it stands in each of its lanes.
    struct place {
        struct lane* in;
        std::size_t index;
    };
    boost::container::small_vector<place, 1> places;
};

/// A topic's subscribers on one shard.
struct lane {
    explicit lane(
        std::string name, std::shared_ptr<counters> of_topic, std::shared_ptr<counters> of_all)
        : topic{std::move(name)},
          topic_counts{std::move(of_topic)},
          all_counts{std::move(of_all)} {}

    const std::string topic;
    const std::shared_ptr<counters> topic_counts;
    const std::shared_ptr<counters> all_counts;
    std::vector<std::shared_ptr<subscriber>> members;
};

/// An executor that runs one handler at a time, with the subscribers that live on it.
///
/// What happens is put into an inbox, from any thread, and done on the executor in that order. So
/// a subscriber's state needs no lock, and a session that subscribes or leaves while it is being
/// resumed disturbs nobody's iteration.
class shard : public std::enable_shared_from_this<shard> {
public:
    struct arrival {
        std::shared_ptr<lane> in;
        frame content;
        /// Only for those who joined at this sequence number or later.
        std::uint64_t only_since;
    };
    struct join {
        std::shared_ptr<lane> in;
        std::shared_ptr<subscriber> who;
    };
    struct leave {
        std::shared_ptr<lane> in;
        std::shared_ptr<subscriber> who;
    };
    struct end {
        std::shared_ptr<lane> in;
    };
    /// Lets go of a subscriber whose handle is gone: its queue belongs to this executor.
    struct release {
        std::shared_ptr<subscriber> who;
    };
    using item = std::variant<arrival, join, leave, end, release>;

    shard(boost::asio::any_io_executor executor, std::shared_ptr<const logger> log)
        : executor_{std::move(executor)}, log_{std::move(log)} {}

    const boost::asio::any_io_executor& get_executor() const noexcept { return executor_; }

    /// Puts an item into the inbox. True: the caller owes a `post_drain`, once it holds no lock.
    [[nodiscard]] bool push(item what);

    void post_drain();

private:
    void drain();
    void take(arrival& what);
    static void take(join& what);
    void take(leave& what);
    void take(end& what);
    static void take(release& /*what*/) {}
    void log_drop(const lane& in, subscriber& who) const;

    const boost::asio::any_io_executor executor_;
    const std::shared_ptr<const logger> log_;
    std::mutex mutex_;
    std::vector<item> inbox_;
    bool drain_owed_ = false;
    // On the executor only:
    std::vector<item> taken_;
    std::vector<subscriber*> dirty_;
    std::vector<subscriber*> closing_;
};

} // namespace crier::detail
