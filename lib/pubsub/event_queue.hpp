#pragma once

#include <crier/pubsub/stats.hpp>
#include <crier/pubsub/topic_policy.hpp>

#include "backlog.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace crier::detail {

/// What a subscriber has still to read: a backlog, as long as its limits allow, and what the
/// policies of its events do past them. Nothing that comes in is ever lost untold.
class event_queue {
public:
    /// Without ids, a stream tells nothing of its gaps.
    event_queue(bool tells_gaps, memory_account_ptr account) noexcept
        : waiting_{tells_gaps, std::move(account)} {}

    struct bounds {
        queue_limits limits;
        /// An event whose topic has a policy obeys that; the others obey the limits'.
        bool by_topic = false;
    };
    void limit(const bounds& given) noexcept {
        limits_ = given.limits;
        by_topic_ = given.by_topic;
    }
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
    void append(const entry_ptr& added) { waiting_.append(added); }

    /// Whether there is room for an event.
    bool fits(const entry& offered) const noexcept {
        const backlog::amount waits = waiting_.free();
        return waits.events == 0 ||
               (waits.events < limits_.events &&
                   waits.bytes + offered.content.text().size() <= limits_.bytes);
    }

    /// Whether it is empty, and needs no memory for what is appended next.
    bool is_empty_and_reserved() const noexcept { return waiting_.is_empty_and_reserved(); }

    /// How many events were lost.
    std::uint64_t dropped() const noexcept { return dropped_; }

    /// Whether it was full, and the policy is to end the stream.
    bool overflowed() const noexcept { return overflowed_; }

    /// Sequence number of the oldest event that can be let go; the highest of all without one.
    std::uint64_t oldest() const noexcept;

    // What is read; see `backlog`:

    using buffers = backlog::buffers;

    bool empty() const noexcept { return waiting_.empty(); }
    std::size_t size() const noexcept { return waiting_.size(); }
    frame front() noexcept { return waiting_.front(); }
    void pop() noexcept { waiting_.pop(); }
    const gap* front_gap() noexcept { return waiting_.front_gap(); }
    void replace_front_gap(std::span<const frame> by) { waiting_.replace_front_gap(by); }
    void tell_front_gap() { waiting_.tell_front_gap(); }
    void hold_gaps() noexcept { waiting_.hold_gaps(); }
    bool is_partly_written() const noexcept { return waiting_.is_partly_written(); }
    buffers gather(frame_bytes bytes_of) noexcept { return waiting_.gather(bytes_of); }
    void pin(std::size_t entries) noexcept { waiting_.pin(entries); }
    void advance(std::size_t written, frame_bytes bytes_of) noexcept {
        waiting_.advance(written, bytes_of);
    }

private:
    overflow_policy policy_of(const entry& event) const noexcept {
        return by_topic_ && event.policy ? *event.policy : limits_.overflow;
    }
    bool obeys(const entry& each, overflow_policy policy) const noexcept;
    bool yields(const entry& each) const noexcept;

    bool overflow(const entry_ptr& offered, drop_counts& lost);
    bool make_room(const entry& offered, drop_counts& lost);
    bool drop_newest(const entry& offered, drop_reason why, drop_counts& lost) noexcept;
    std::size_t oldest_that_yields() const noexcept;
    void drop_older(std::uint64_t than, drop_counts& lost);
    void supersede(const entry& by, drop_counts& lost) noexcept;
    void supersede_all(drop_counts& lost);
    bool must_not_lose_older(std::uint64_t before) const noexcept;
    bool signal_change(const entry_ptr& newest, drop_counts& lost);
    void replace_by_signal(std::size_t first, const entry_ptr& newest, drop_counts& lost);
    void give_up(drop_reason why, drop_counts& lost) noexcept;
    void count(drop_reason why, drop_counts& lost, std::uint64_t events = 1) noexcept;

    backlog waiting_;
    bool overflowed_ = false;
    bool by_topic_ = false;
    queue_limits limits_;
    std::uint64_t dropped_ = 0;
};

} // namespace crier::detail
