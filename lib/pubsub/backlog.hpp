#pragma once

#include <crier/pubsub/gap.hpp>
#include <crier/pubsub/stats.hpp>
#include <crier/pubsub/topic_policy.hpp>
#include <crier/wire/frame.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/container/devector.hpp>
#include <boost/container/static_vector.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace crier::detail {

struct counters;
class memory_account;

/// A frame in the queues of one shard. The frame's own reference count is shared by all threads;
/// this one belongs to the shard, so that a subscriber more costs no atomic operation.
struct entry : boost::intrusive_ref_counter<entry, boost::thread_unsafe_counter> {
    explicit entry(frame of, event_id number = {}) : content{std::move(of)}, id{number} {}

    bool is_event() const noexcept { return id.sequence > 0 && !lost; }

    /// Of a gap: made once it is to be sent.
    frame content;
    /// None for what is no event of a topic.
    event_id id;
    /// The topic, by its counts, and the key or type within it by which events supersede others.
    const counters* topic = nullptr;
    std::string key{};
    std::unique_ptr<gap> lost{};
};

using entry_ptr = boost::intrusive_ptr<entry>;

/// How a stream wants its frames: as they are, or as chunks of the chunked coding.
enum class coding { plain, chunked };

inline std::string_view bytes_of(const frame& content, coding as) noexcept {
    return as == coding::chunked ? content.chunk() : content.text();
}

/// What a subscriber has still to read, oldest first: as much as its limits allow, and what happens
/// past them. Where events are missing, a gap stands in their place.
class backlog {
public:
    /// Without ids, a stream tells nothing of its gaps. The queue itself is counted in the account,
    /// where it is a long one.
    backlog(const queue_limits& limits, bool tells_gaps,
        std::shared_ptr<memory_account> account = nullptr) noexcept
        : account_{std::move(account)}, limits_{limits}, tells_gaps_{tells_gaps} {}
    backlog(const backlog&) = delete;
    backlog& operator=(const backlog&) = delete;
    ~backlog();

    /// Takes an event in, or does what the limits' policy says. Tells whether there is something
    /// new to read; what a reader misses is added to the losses.
    bool offer(const entry_ptr& offered, drop_counts& lost);

    /// Appends without regard to the limits: what is no event, and what is read back for a reader
    /// that waits for it.
    void append(entry_ptr added);

    /// Notes events that there was no memory for.
    void miss(event_id first, event_id last, std::uint64_t events, drop_counts& lost);

    /// Lets all go that is older than the sequence number, for lack of memory: by the policy for
    /// all that waits. What is partly written stays.
    void shed(std::uint64_t before, drop_counts& lost);

    void limit(const queue_limits& limits) noexcept { limits_ = limits; }
    const queue_limits& limits() const noexcept { return limits_; }
    bool empty() const noexcept { return entries_.empty(); }
    std::size_t size() const noexcept { return entries_.size(); }
    std::uint64_t dropped() const noexcept { return dropped_; }

    /// Whether there is room for an event.
    bool fits(const entry& offered) const noexcept;

    /// Whether it was full, and the policy is to end the stream.
    bool overflowed() const noexcept { return overflowed_; }

    /// Sequence number of the oldest event that can be let go; the highest of all without one.
    std::uint64_t oldest() const noexcept;

    /// Whether the oldest entry is on its way, but not wholly.
    bool is_partly_written() const noexcept { return written_ > 0; }

    /// The oldest entry's frame.
    const frame& front();

    /// The gap that is next to be sent, if it is one.
    const gap* front_gap() const noexcept { return entries_.front()->lost.get(); }

    /// Puts frames, one or more, where the gap was that is next.
    void replace_front_gap(std::span<const frame> by);

    /// Lets `gather` stop before each gap that comes later, so that it can be replaced.
    void hold_gaps() noexcept { holds_gaps_ = true; }

    void pop() noexcept;

    /// What goes into one write. Unlike an array, it is not filled before it is.
    using buffers = boost::container::static_vector<boost::asio::const_buffer, 64>;

    /// The bytes to be written next, of so many entries at most.
    buffers gather(coding as, std::size_t most = buffers::static_capacity);

    /// Keeps so many of the oldest entries where and as they are until the next `advance`: somebody
    /// is writing them.
    void pin(std::size_t entries) noexcept { pinned_ = entries; }

    /// Lets go what was written of the gathered bytes, wholly written entries only.
    void advance(std::size_t written, coding as) noexcept;

private:
    void push_back(entry_ptr added);
    void recount() noexcept;
    void shrink() noexcept;
    std::size_t first_free() const noexcept;
    bool is_open_gap(std::size_t at) const noexcept;
    std::size_t oldest_free_event() const noexcept;
    void erase(std::size_t at) noexcept;
    void lose(std::size_t at, drop_reason why, drop_counts& lost);
    void give_up(drop_reason why, drop_counts& lost);
    void lose_all(std::uint64_t before, drop_reason why, drop_counts& lost);
    void leave_gap(event_id first, event_id last, std::uint64_t events);
    void supersede(const entry& by, drop_counts& lost);
    void supersede_all(drop_counts& lost);
    bool drop_oldest_for(const entry_ptr& offered, drop_counts& lost);
    void coalesce(const entry_ptr& newest, drop_counts& lost);
    void count(drop_reason why, drop_counts& lost, std::uint64_t events = 1) noexcept;

    boost::container::devector<entry_ptr> entries_;
    std::shared_ptr<memory_account> account_;
    std::size_t counted_ = 0;
    queue_limits limits_;
    std::size_t events_ = 0;
    std::size_t bytes_ = 0;
    std::size_t pinned_ = 0;
    std::size_t written_ = 0;
    std::uint64_t dropped_ = 0;
    bool tells_gaps_;
    bool holds_gaps_ = false;
    bool overflowed_ = false;
};

} // namespace crier::detail
