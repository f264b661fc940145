#pragma once

#include <crier/pubsub/event_id.hpp>
#include <crier/pubsub/logger.hpp>
#include <crier/wire/frame.hpp>

#include "alarms.hpp"
#include "handler_memory.hpp"
#include "lane.hpp"
#include "shedding.hpp"
#include "subscriber.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace crier::detail {

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
