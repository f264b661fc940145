#pragma once

#include <crier/async/detail/handler_memory.hpp>
#include <crier/pubsub/logger.hpp>

#include "async/alarms.hpp"
#include "inbox.hpp"
#include "subscriber.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace crier::detail {

/// An executor that runs one handler at a time, with the subscribers that live on it.
///
/// What happens is put into an inbox, from any thread, and done on the executor in that order. So
/// a subscriber's state needs no lock, and a session that subscribes or leaves while it is being
/// resumed disturbs nobody's iteration.
class shard : public std::enable_shared_from_this<shard> {
public:
    shard(boost::asio::any_io_executor executor, std::shared_ptr<const logger> log)
        : executor_{std::move(executor)}, log_{std::move(log)} {}

    const boost::asio::any_io_executor& get_executor() const noexcept { return executor_; }

    /// On the executor.
    alarms& timing();

    /// See `inbox`. True: the caller owes a `post_drain`, once it holds no lock.
    [[nodiscard]] bool push(inbox::item&& what) { return inbox_.push(std::move(what)); }
    [[nodiscard]] bool refuse(
        const std::shared_ptr<lane>& in, event_id id, std::uint64_t only_since) {
        return inbox_.refuse(in, id, only_since);
    }
    void withdraw() { inbox_.withdraw(); }

    /// Counts a subscriber, on the executor, among those that may have to make room.
    void settle(subscriber& who);

    void post_drain();

private:
    void drain();
    void take(inbox::arrival& what);
    void take(inbox::join& what);
    void take(inbox::leave& what);
    void take(inbox::end& what);
    void take(inbox::cut& what);
    void take(inbox::refusal& what);
    void take(inbox::shed& what);
    static void take(inbox::release& /*what*/) {}
    template <class Action>
    void tell(subscriber& who, Action action);
    void log_drop(std::string_view topic, subscriber& who) const;
    void wake(subscriber& who);

    // Done for every member of a lane, and not worth the call that it would else be.
    template <class Action>
    inline void attempt(Action action);
    inline bool hand_over(subscriber& to, const entry_ptr& only, clock::time_point now);
    inline void make_room(subscriber& of, const entry& next);
    inline bool queue(subscriber& of, const entry_ptr& added, const lane& in, drop_counts& lost);

    const boost::asio::any_io_executor executor_;
    const std::shared_ptr<const logger> log_;
    const std::shared_ptr<small_handler_memory> drain_memory_ =
        std::make_shared<small_handler_memory>();
    inbox inbox_;
    // On the executor only:
    std::vector<inbox::item> taken_;
    std::vector<subscriber*> dirty_;
    std::vector<subscriber*> closing_;
    std::exception_ptr failure_;
    std::shared_ptr<alarms> alarms_;
    boost::intrusive::list<subscriber, boost::intrusive::constant_time_size<false>> residents_;
};

} // namespace crier::detail
