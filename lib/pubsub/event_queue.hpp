#pragma once

#include <crier/pubsub/stats.hpp>
#include <crier/pubsub/topic_policy.hpp>

#include "entry.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/container/devector.hpp>
#include <boost/container/static_vector.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace crier::detail {

/// Which bytes of a frame a stream sends.
using frame_bytes = std::string_view (frame::*)() const noexcept;

/// What a subscriber has still to read, oldest first: as much as its limits allow, and what its
/// policy does past them. Where events are missing, a gap stands in their place.
///
/// Nothing that comes in is ever lost untold: what there is no memory for is added to the gap at
/// the queue's end, which needs none.
class event_queue {
public:
    /// Without ids, a stream tells nothing of its gaps.
    event_queue(bool tells_gaps, memory_account_ptr account) noexcept
        : tells_gaps_{tells_gaps}, account_{std::move(account)} {}
    event_queue(const event_queue&) = delete;
    event_queue& operator=(const event_queue&) = delete;
    ~event_queue();

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
    void append(entry_ptr added);

    /// Whether there is room for an event.
    bool fits(const entry& offered) const noexcept {
        return events_ == 0 || (events_ < limits_.events &&
                                   bytes_ + offered.content.text().size() <= limits_.bytes);
    }

    /// How many events were lost.
    std::uint64_t dropped() const noexcept { return dropped_; }

    /// Whether it was full, and the policy is to end the stream.
    bool overflowed() const noexcept { return overflowed_; }

    /// Sequence number of the oldest event that can be let go; the highest of all without one.
    std::uint64_t oldest() const noexcept;

    // What is read:

    bool empty() const noexcept { return entries_.empty() && tail_.count == 0; }
    std::size_t size() const noexcept { return entries_.size() + (tail_.count > 0 ? 1 : 0); }

    /// The oldest frame; an empty one where there is none, or no memory to tell of a gap.
    frame front() noexcept;
    void pop() noexcept;

    /// The gap that is next to be sent, if it is one.
    const gap* front_gap() noexcept;

    /// Puts frames, one or more, where the gap was that is next.
    void replace_front_gap(std::span<const frame> by);

    /// Lets `gather` stop before each gap that comes later, so that it can be replaced.
    void hold_gaps() noexcept { holds_gaps_ = true; }

    /// Whether the oldest entry is on its way, but not wholly.
    bool is_partly_written() const noexcept { return written_ > 0; }

    /// What goes into one write. Unlike an array, it is not filled before it is.
    using buffers = boost::container::static_vector<boost::asio::const_buffer, 64>;

    /// The bytes to be written next. None although it is not empty: there is no memory to tell of a
    /// gap, or it is held.
    buffers gather(frame_bytes bytes_of) noexcept;

    /// Keeps so many of the oldest entries where and as they are until the next `advance`: somebody
    /// is writing them.
    void pin(std::size_t entries) noexcept { pinned_ = static_cast<std::uint32_t>(entries); }

    /// Lets go what was written of the gathered bytes, wholly written entries only.
    void advance(std::size_t written, frame_bytes bytes_of) noexcept;

private:
    struct range {
        event_id first;
        std::uint64_t last = 0;
        std::uint64_t count = 0;
    };

    bool overflow(const entry_ptr& offered, drop_counts& lost);
    bool drop_newest(const entry& offered, drop_reason why, drop_counts& lost) noexcept;
    bool drop_oldest_for(const entry_ptr& offered, drop_counts& lost);
    void supersede(const entry& by, drop_counts& lost) noexcept;
    void supersede_all(drop_counts& lost);
    void replace_by_signal(const entry_ptr& newest, drop_counts& lost);
    void give_up(drop_reason why, drop_counts& lost) noexcept;
    void lose(std::size_t at, drop_reason why, drop_counts& lost);
    void lose_all(std::uint64_t before, drop_reason why, drop_counts& lost);
    void lose_rest(drop_reason why, drop_counts& lost) noexcept;
    void count(drop_reason why, drop_counts& lost, std::uint64_t events = 1) noexcept;

    void leave_gap_at(std::size_t at);
    void leave_gap_behind(const range& missing) noexcept;
    bool is_open_gap(std::size_t at) const noexcept;
    /// As `append_tail`, where there is memory. Tells whether there is an entry to read.
    bool try_append_tail() noexcept;
    /// Makes the gap at the end an entry, if there is one.
    void append_tail();

    std::size_t first_free() const noexcept {
        return std::max<std::size_t>(pinned_, written_ > 0 ? 1 : 0);
    }
    std::size_t oldest_free_event() const noexcept;
    void erase(std::size_t at) noexcept;
    void uncount(const entry& gone) noexcept;
    void recount() noexcept;

    // These first: they lie beside what each event touches.
    bool tells_gaps_;
    bool overflowed_ = false;
    bool holds_gaps_ = false;
    std::uint32_t pinned_ = 0;
    boost::container::devector<entry_ptr> entries_;
    std::size_t events_ = 0;
    std::size_t bytes_ = 0;
    std::size_t written_ = 0;
    queue_limits limits_;
    /// A gap at the end that is no entry yet.
    range tail_;
    std::uint64_t dropped_ = 0;
    memory_account_ptr account_;
    std::size_t counted_ = 0;
};

} // namespace crier::detail
