#pragma once

#include <crier/pubsub/stats.hpp>
#include <crier/pubsub/topic_policy.hpp>

#include "backlog.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace crier::detail {

/// What a subscriber has still to read: a backlog, as long as its limits allow, and what its policy
/// does past them. Nothing that comes in is ever lost untold.
class event_queue : private backlog {
public:
    using backlog::backlog;

    void limit(const queue_limits& limits) noexcept { limits_ = limits; }
    const queue_limits& limits() const noexcept { return limits_; }

    // What comes in:

    /// Takes an event in, or does what the policy says. Tells whether there is something new to
    /// read; what the reader misses is added to the losses.
    bool offer(const entry_ptr& offered, drop_counts& lost) noexcept;

    /// Notes events that there was no memory for, from the first to the last sequence number.
    void miss(event_id first, std::uint64_t last, std::uint64_t events, drop_counts& lost) noexcept;

    /// Lets all go that is older than the sequence number, for lack of memory: by the policy for
    /// all that waits. What is being written stays.
    void shed(std::uint64_t before, drop_counts& lost) noexcept;

    /// Without regard to the limits: for what is no event, and what is read back for a reader that
    /// waits for it.
    using backlog::append;

    /// Whether there is room for an event.
    bool fits(const entry& offered) const noexcept {
        return events() == 0 || (events() < limits_.events &&
                                    bytes() + offered.content.text().size() <= limits_.bytes);
    }

    /// How many events were lost.
    std::uint64_t dropped() const noexcept { return dropped_; }

    /// Whether it was full, and the policy is to end the stream.
    bool overflowed() const noexcept { return overflowed_; }

    /// Sequence number of the oldest event that can be let go; the highest of all without one.
    std::uint64_t oldest() const noexcept;

    // What is read:

    using backlog::buffers;

    using backlog::advance;
    using backlog::empty;
    using backlog::front;
    using backlog::front_gap;
    using backlog::gather;
    using backlog::hold_gaps;
    using backlog::is_partly_written;
    using backlog::pin;
    using backlog::pop;
    using backlog::replace_front_gap;
    using backlog::size;

private:
    bool overflow(const entry_ptr& offered, drop_counts& lost);
    bool drop_newest(const entry& offered, drop_reason why, drop_counts& lost) noexcept;
    bool drop_oldest_for(const entry_ptr& offered, drop_counts& lost);
    void drop_older(std::uint64_t than, drop_counts& lost);
    void supersede(const entry& by, drop_counts& lost) noexcept;
    void supersede_all(drop_counts& lost);
    void replace_by_signal(const entry_ptr& newest, drop_counts& lost);
    void give_up(drop_reason why, drop_counts& lost) noexcept;
    void count(drop_reason why, drop_counts& lost, std::uint64_t events = 1) noexcept;

    bool overflowed_ = false;
    queue_limits limits_;
    std::uint64_t dropped_ = 0;
};

} // namespace crier::detail
