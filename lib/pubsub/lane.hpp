#pragma once

#include "task.hpp"

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace crier::detail {

class subscriber;
struct delivery;
struct lane;
struct topic;

/// A subscriber's place in a lane: `enter` gives it, under the manager's lock; the shard links it
/// when the subscriber joins, and unlinks it when it leaves, or at its end where the shard's
/// context has gone.
struct membership
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    explicit membership(subscriber& owner) noexcept : who{&owner} {}

    subscriber* who;
    boost::intrusive_ptr<lane> in;
};

/// A topic's subscribers on one shard. As a task it ends them, for the manager's shutdown.
struct lane final : boost::intrusive_ref_counter<lane, boost::thread_safe_counter>,
                    boost::intrusive::set_base_hook<>,
                    task {
    lane();
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;
    ~lane();

    void run(shard& by) noexcept override;
    void release() noexcept override;

    // Guarded by the manager's lock:

    /// None once the last subscriber has left.
    std::shared_ptr<shard> on;
    boost::intrusive_ptr<topic> of;
    std::size_t subscribers = 0;

    // On the shard:

    boost::intrusive::list<membership, boost::intrusive::constant_time_size<false>> members;

    // Guarded by the inbox: the latest of its deliveries that was denied, and when.

    delivery* denied = nullptr;
    std::uint64_t denied_in = 0;
};

/// By which a topic finds its lane on a shard.
struct lane_shard {
    using type = const shard*;
    type operator()(const lane& each) const noexcept { return each.on.get(); }
};

} // namespace crier::detail
