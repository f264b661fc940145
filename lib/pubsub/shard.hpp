#pragma once

#include <crier/pubsub/detail/wakeable.hpp>
#include <crier/pubsub/logger.hpp>

#include "alarms.hpp"
#include "backlog.hpp"
#include "handler_memory.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/container/small_vector.hpp>
#include <boost/intrusive/list.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace crier::detail {

struct counters {
    std::atomic<std::uint64_t> published{0};
    std::atomic<std::uint64_t> delivered{0};
    std::array<std::atomic<std::uint64_t>, drop_reasons> dropped{};
    std::atomic<std::uint64_t> bytes{0};

    void add(std::uint64_t more_delivered, std::uint64_t more_bytes, const drop_counts& lost) {
        delivered.fetch_add(more_delivered, std::memory_order_relaxed);
        bytes.fetch_add(more_bytes, std::memory_order_relaxed);
        for (std::size_t i = 0; i < drop_reasons; ++i) {
            if (lost[i] > 0) {
                dropped[i].fetch_add(lost[i], std::memory_order_relaxed);
            }
        }
    }
};

struct topic;
struct reading_back;

/// Whoever reads a subscriber's events, on its shard.
class reader : public wakeable {
public:
    virtual ~reader() = default;

    /// Takes an event before which nothing waits, if it can do so at once: what needs not be queued
    /// costs the least. False: it is to be queued.
    virtual bool take(const entry_ptr& only, clock::time_point now) = 0;

    /// Asks for the memory that `take` is going to need besides the reader's own.
    virtual void fetch() const noexcept = 0;

    /// Nothing comes after what is there to read.
    virtual void close() = 0;
};

/// One subscriber: its topics and what it reads back are guarded by the core's mutex, and all else
/// is touched on its shard only. Its topics keep it, and not its reader, which may keep them.
struct subscriber
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    subscriber(reader& by, bool tells_gaps, std::shared_ptr<memory_account> account);
    subscriber(const subscriber&) = delete;
    subscriber& operator=(const subscriber&) = delete;
    ~subscriber();

    // What every event touches comes first.

    /// None once it has gone.
    reader* read_by;
    /// The last sequence number given before it subscribed.
    std::uint64_t joined = 0;
    backlog pending;
    bool shut_down = false;
    bool dirty = false;
    bool drop_logged = false;
    /// Whether there is more to be read back before it joins its topics' lanes.
    bool is_behind = false;
    /// Given by its core, as are its limits; 0 before.
    std::uint64_t id = 0;
    boost::container::small_vector<std::shared_ptr<topic>, 1> topics;
    std::unique_ptr<reading_back> past;
    /// Where it stands in each of its lanes.
    struct place {
        struct lane* in;
        std::size_t index;
    };
    boost::container::small_vector<place, 1> places;
};

/// One round of making room on all shards; its end is told once all have let go of it.
struct shedding {
    explicit shedding(std::function<void(std::uint64_t)> then) : over{std::move(then)} {}
    shedding(const shedding&) = delete;
    shedding& operator=(const shedding&) = delete;
    ~shedding() { over(oldest); }

    /// Called with the oldest number that still waits. May run under any lock.
    const std::function<void(std::uint64_t)> over;
    std::atomic<std::uint64_t> oldest = std::numeric_limits<std::uint64_t>::max();
    /// Whether a shard with subscribers has done its part.
    std::atomic<bool> has_answer = false;
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
    /// Where its latest refusal stands in the inbox, and in which run of refusals: guarded by the
    /// shard's mutex.
    std::uint64_t refused_in = 0;
    std::size_t refused_at = 0;
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
        event_id id;
        /// What it supersedes by. See `entry`.
        std::string key;
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
    /// Ends the streams of a topic, which goes on.
    struct cut {
        std::shared_ptr<lane> in;
    };
    /// Events that there was no memory for.
    struct refusal {
        std::shared_ptr<lane> in;
        event_id first;
        event_id last;
        std::uint64_t count;
        std::uint64_t only_since; ///< as of an arrival
    };
    /// Makes room by letting subscribers miss what is older.
    struct shed {
        std::uint64_t before;
        std::shared_ptr<counters> all_counts;
        std::shared_ptr<shedding> round; ///< none: nobody waits for it
    };
    /// Lets go of a subscriber whose handle is gone: its queue belongs to this executor.
    struct release {
        std::shared_ptr<subscriber> who;
    };
    using item = std::variant<arrival, join, leave, end, cut, refusal, shed, release>;

    shard(boost::asio::any_io_executor executor, std::shared_ptr<const logger> log)
        : executor_{std::move(executor)}, log_{std::move(log)} {}

    const boost::asio::any_io_executor& get_executor() const noexcept { return executor_; }

    /// On the executor.
    alarms& timing();

    /// Puts an item into the inbox. True: the caller owes a `post_drain`, once it holds no lock.
    [[nodiscard]] bool push(item what);

    /// The same for an event that there was no memory for; those of a topic between which nothing
    /// else came take one item, so that they take no memory either.
    [[nodiscard]] bool refuse(
        const std::shared_ptr<lane>& in, event_id id, std::uint64_t only_since);

    /// Where the latest round of making room has not been begun: takes the shard out of it, and
    /// lets all events in the inbox go that are older.
    void withdraw();

    /// Counts a subscriber, on the executor, among those that may have to make room.
    void settle(subscriber& who);

    void post_drain();

private:
    void drain();
    template <class Action>
    void attempt(Action action);
    template <class Action>
    void tell(subscriber& who, Action action);
    bool merge(const refusal& what, std::size_t at);
    void take(arrival& what);
    void take(join& what);
    void take(leave& what);
    void take(end& what);
    void take(cut& what);
    void take(refusal& what);
    void take(shed& what);
    static void take(release& /*what*/) {}
    void log_drop(std::string_view topic, subscriber& who) const;
    void wake(subscriber& who);

    const boost::asio::any_io_executor executor_;
    const std::shared_ptr<const logger> log_;
    const std::shared_ptr<handler_memory> drain_memory_ = std::make_shared<handler_memory>();
    std::mutex mutex_;
    std::vector<item> inbox_;
    /// Numbers the runs of refusals.
    std::uint64_t run_ = 1;
    bool drain_owed_ = false;
    bool shed_waits_ = false;
    // On the executor only:
    std::vector<item> taken_;
    std::vector<subscriber*> dirty_;
    std::vector<subscriber*> closing_;
    std::exception_ptr failure_;
    std::shared_ptr<alarms> alarms_;
    boost::intrusive::list<subscriber, boost::intrusive::constant_time_size<false>> residents_;
};

} // namespace crier::detail
