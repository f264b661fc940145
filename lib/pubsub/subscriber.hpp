#pragma once

#include <crier/async/clock.hpp>
#include <crier/async/detail/wakeable.hpp>

#include "end_kind.hpp"
#include "event_queue.hpp"
#include "lane.hpp"
#include "reading_back.hpp"
#include "task.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstdint>
#include <memory>

namespace crier::detail {

/// The two tasks of each subscriber.
struct joining : task {
    void run(shard& on) noexcept override;
    void release() noexcept override;
};
struct leaving : task {
    void run(shard& on) noexcept override;
    void release() noexcept override;
};

/// Those whose reader is to be woken.
using to_wake = boost::intrusive::list_base_hook<boost::intrusive::tag<struct to_wake_tag>,
    boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// All on a shard, those that read back too.
using resident = boost::intrusive::list_base_hook<boost::intrusive::tag<struct resident_tag>,
    boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// One subscriber. Its memberships and what it reads back are guarded by the manager's lock, all
/// else is touched on its shard only. What stands in an inbox keeps it, and whoever reads it.
class subscriber : public boost::intrusive_ref_counter<subscriber, boost::thread_safe_counter>,
                   public to_wake,
                   public resident,
                   public joining,
                   public leaving,
                   public wakeable {
public:
    subscriber(bool tells_gaps, const memory_account_ptr& account) noexcept
        : pending{tells_gaps, account} {}
    subscriber(const subscriber&) = delete;
    subscriber& operator=(const subscriber&) = delete;
    virtual ~subscriber();

    // `wake` tells that there is more to read, or nothing more to come.

    /// Takes an event past the queue, where nothing waits. False: it has to be queued.
    virtual bool take(const entry_ptr& /*only*/, clock::time_point /*now*/) { return false; }

    /// Asks for the memory that an event is going to need.
    virtual void fetch_ahead() const noexcept {}

    event_queue pending;
    /// Nothing comes after what is there to read.
    end_kind end = end_kind::none;
    bool drop_logged = false;
    /// Whether there is more to be read back before it joins its topics' lanes.
    bool is_behind = false;
    bool has_left = false;
    /// Given by its manager; 0 before.
    std::uint64_t id = 0;
    /// Up to which number its client has got all from another node.
    std::uint64_t had = 0;
    std::unique_ptr<reading_back> past;

    // What every event touches comes last, beside what the session has of that.

    /// The last sequence number given before it subscribed.
    std::uint64_t joined = 0;
    /// One for each of its topics. They do not move once they are there.
    boost::container::small_vector<membership, 1> memberships;
};

using subscriber_ptr = boost::intrusive_ptr<subscriber>;

} // namespace crier::detail
