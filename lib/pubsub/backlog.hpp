#pragma once

#include <crier/pubsub/stats.hpp>
#include <crier/pubsub/topic_policy.hpp>

#include "entry_queue.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace crier::detail {

/// What a subscriber has still to read: as much as its limits allow, and what happens past them.
/// Where events are missing, a gap stands in their place.
class backlog : private entry_queue {
public:
    /// Without ids, a stream tells nothing of its gaps.
    backlog(const queue_limits& limits, bool tells_gaps,
        std::shared_ptr<memory_account> account = nullptr) noexcept
        : entry_queue{std::move(account)}, tells_gaps_{tells_gaps}, limits_{limits} {}

    /// Takes an event in, or does what the limits' policy says. Tells whether there is something
    /// new to read; what a reader misses is added to the losses.
    bool offer(const entry_ptr& offered, drop_counts& lost) {
        if (overflowed_ || !fits(*offered)) {
            return overflow(offered, lost);
        }
        append(offered);
        return true;
    }

    /// Without regard to the limits: for what is no event, and what is read back for a reader that
    /// waits for it.
    using entry_queue::append;

    /// Notes events that there was no memory for.
    void miss(event_id first, event_id last, std::uint64_t events, drop_counts& lost);

    /// Lets all go that is older than the sequence number, for lack of memory: by the policy for
    /// all that waits. What is partly written stays.
    void shed(std::uint64_t before, drop_counts& lost);

    void limit(const queue_limits& limits) noexcept { limits_ = limits; }
    const queue_limits& limits() const noexcept { return limits_; }
    std::uint64_t dropped() const noexcept { return dropped_; }

    /// Whether there is room for an event.
    bool fits(const entry& offered) const noexcept {
        return events() == 0 || (events() < limits_.events &&
                                    bytes() + offered.content.text().size() <= limits_.bytes);
    }

    /// Whether it was full, and the policy is to end the stream.
    bool overflowed() const noexcept { return overflowed_; }

    /// Sequence number of the oldest event that can be let go; the highest of all without one.
    std::uint64_t oldest() const noexcept;

    using entry_queue::advance;
    using entry_queue::buffers;
    using entry_queue::empty;
    using entry_queue::front;
    using entry_queue::front_gap;
    using entry_queue::gather;
    using entry_queue::hold_gaps;
    using entry_queue::is_partly_written;
    using entry_queue::pin;
    using entry_queue::pop;
    using entry_queue::replace_front_gap;
    using entry_queue::size;

private:
    bool overflow(const entry_ptr& offered, drop_counts& lost);
    bool drop_newest(const entry& offered, drop_counts& lost);
    bool drop_oldest_for(const entry_ptr& offered, drop_counts& lost);
    void supersede(const entry& by, drop_counts& lost);
    void supersede_all(drop_counts& lost);
    void coalesce(const entry_ptr& newest, drop_counts& lost);
    void give_up(drop_reason why, drop_counts& lost);
    void lose(std::size_t at, drop_reason why, drop_counts& lost);
    void lose_all(std::uint64_t before, drop_reason why, drop_counts& lost);
    void leave_gap(event_id first, event_id last, std::uint64_t events);
    void count(drop_reason why, drop_counts& lost, std::uint64_t events = 1) noexcept;

    // These first: they take the room that the queue's last member leaves.
    bool tells_gaps_;
    bool overflowed_ = false;
    queue_limits limits_;
    std::uint64_t dropped_ = 0;
};

} // namespace crier::detail
