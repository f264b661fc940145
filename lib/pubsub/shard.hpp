#pragma once

#include <crier/async/detail/handler_memory.hpp>
#include <crier/pubsub/logger.hpp>

#include "async/alarms.hpp"
#include "async/context_members.hpp"
#include "inbox.hpp"
#include "subscriber.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/intrusive/list.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>

namespace crier::detail {

/// Called on the shard once it has shed: its subscribers have let go what waited for too long, to
/// make room.
class shed_listener {
public:
    virtual void shard_has_shed(std::uint64_t oldest, bool has_subscribers) noexcept = 0;

protected:
    ~shed_listener() = default;
};

/// An executor that runs one handler at a time, with the subscribers that live on it.
///
/// What happens is put into an inbox, from any thread, and done on the executor in that order. So
/// a subscriber's state needs no lock, and a session that subscribes or leaves while it is being
/// woken disturbs nobody's iteration.
class shard : public std::enable_shared_from_this<shard>,
              public boost::intrusive::list_base_hook<> {
public:
    using context_hook = boost::intrusive::list_base_hook<>;

    shard(boost::asio::any_io_executor executor, std::shared_ptr<const logger> log,
        std::shared_ptr<counters> all_counts, std::weak_ptr<shed_listener> listener);
    shard(const shard&) = delete;
    shard& operator=(const shard&) = delete;
    ~shard();

    const boost::asio::any_io_executor& get_executor() const noexcept { return executor_; }

    /// On the executor.
    alarms& timing() noexcept { return *alarms_; }

    // From any thread. True: a drain is owed; see `owed_drains`.

    [[nodiscard]] bool push(task& what) noexcept { return inbox_.push(what); }
    [[nodiscard]] bool deny(delivery& what) noexcept { return inbox_.deny(what); }

    // Guarded by the manager's lock:

    /// Lets all subscribers miss what is older. False: it has not even begun with the last time,
    /// and lets go only what waits to reach it.
    bool shed(std::uint64_t before, class owed_drains& owed) noexcept;

    /// Cuts all subscribers that are there. Once.
    void cut_all(class owed_drains& owed) noexcept;

    /// Takes the shard out of a round that it has not begun with.
    void leave_round() noexcept;

    /// Whether it has still to tell that it has shed.
    bool is_waited_for() const noexcept { return round_ == round::waited_for; }

    // On the executor, by its tasks and readers:

    void deliver(delivery& what) noexcept;
    void join(subscriber& who) noexcept;
    void leave(subscriber& who) noexcept;
    void end(lane& all, end_kind how) noexcept;

    /// Counts a subscriber among those that may have to make room.
    void add_resident(subscriber& who) noexcept;

    /// Nothing will be done any more.
    void context_gone() noexcept;

    /// Wakes the subscriber at the end of the drain.
    void wake_later(subscriber& who) noexcept;

    /// The same for one that reads back: with few others of those at a time, so that thousands that
    /// come back together do not hold up what is published.
    void wake_in_turn(subscriber& who) noexcept;

private:
    friend class owed_drains;

    struct shedding final : task {
        void run(shard& on) noexcept override { on.shed_now(); }
        void release() noexcept override {}
    };

    struct cutting final : task {
        void run(shard& on) noexcept override { on.cut_now(); }
        void release() noexcept override {}
    };

    enum class round : std::uint8_t { none, waited_for, left };

    using woken_list = boost::intrusive::list<subscriber, boost::intrusive::base_hook<to_wake>,
        boost::intrusive::constant_time_size<false>>;

    void post_drain() noexcept;
    void owe_drain() noexcept;
    void drain();
    void wake_first(woken_list& of) noexcept;
    void shed_now() noexcept;
    void cut_now() noexcept;
    /// Lets the lane's subscribers miss what was denied.
    void tell_denied(delivery& what, const lane& in) noexcept;
    void deliver_late(delivery& what, const lane& in) noexcept;
    void miss(subscriber& by, const delivery& what, const lane& in, drop_counts& lost) noexcept;
    bool queue(subscriber& of, const entry_ptr& added, const lane& in, drop_counts& lost) noexcept;
    bool hand_over(subscriber& to, const entry_ptr& only) noexcept;
    void end(subscriber& who, end_kind how) noexcept;
    void wake(subscriber& who) noexcept;
    void log_drop(std::string_view topic, subscriber& who) const noexcept;

    const boost::asio::any_io_executor executor_;
    const std::shared_ptr<const logger> log_;
    const std::shared_ptr<counters> all_counts_;
    const std::weak_ptr<shed_listener> listener_;
    context_members<shard>* all_; ///< none once the context has gone
    const std::shared_ptr<alarms> alarms_ = std::make_shared<alarms>(executor_);
    small_handler_memory drain_memory_;
    inbox inbox_;
    /// The next one to which a drain is owed.
    std::shared_ptr<shard> next_owed_;

    shedding shedding_;
    std::atomic<std::uint64_t> shed_before_{0};
    std::atomic<round> round_{round::none};
    cutting cutting_;

    // On the executor only:
    /// Of the drain that runs: nothing more comes that could go out in the same write.
    bool has_one_task_ = false;
    clock::time_point now_{}; ///< of that one
    woken_list to_wake_;
    woken_list behind_; ///< those of them that read back
    std::exception_ptr failure_;
    boost::intrusive::list<subscriber, boost::intrusive::base_hook<resident>,
        boost::intrusive::constant_time_size<false>>
        residents_;
};

/// Drains that somebody owes, and posts at the end, whatever happens before. Declare it before the
/// lock that it is not to be paid under.
class owed_drains {
public:
    owed_drains() = default;
    owed_drains(const owed_drains&) = delete;
    owed_drains& operator=(const owed_drains&) = delete;
    ~owed_drains();

    void add(const std::shared_ptr<shard>& to) noexcept;

    void push(const std::shared_ptr<shard>& to, task& what) noexcept {
        if (to->push(what)) {
            add(to);
        }
    }

private:
    std::shared_ptr<shard> first_;
};

} // namespace crier::detail
