#pragma once

#include <crier/pubsub/event_id.hpp>
#include <crier/pubsub/gap.hpp>

#include "event_queue.hpp"
#include "history.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace crier::detail {

struct topic;

/// What a subscriber reads back before it gets what is published from then on: the histories of its
/// topics, and what they retain, in the order of their sequence. Guarded by the manager's lock.
class reading_back {
public:
    /// From the present on, for now.
    explicit reading_back(std::uint64_t present) noexcept;
    reading_back(const reading_back&) = delete;
    reading_back& operator=(const reading_back&) = delete;
    ~reading_back();

    void add(topic& read);

    /// Begins with what the topics retain. Tells whether that is anything.
    bool begin_with_retained();

    /// Begins after the client's last event; `present` is the last event of all. Tells whether
    /// there is something to be read, a gap included.
    bool begin_after(std::string_view last_event_id, event_id present);

    /// What is to be told before anything else.
    std::optional<gap>& first_gap() noexcept { return first_gap_; }

    /// What has gone from the histories before it was read; it counts as read from `skip_evicted`
    /// on.
    std::optional<gap> evicted(std::uint64_t epoch) const;
    void skip_evicted() noexcept;

    /// Puts the next piece into the queue. Tells whether it was the last one. Where it throws, what
    /// is in the queue is not read again.
    bool read_piece(event_queue& to, std::uint64_t epoch);

    /// Whether streams of its topics were ended meanwhile.
    bool was_ended() const noexcept;

private:
    struct source {
        boost::intrusive_ptr<topic> of;
        bool is_values = false; ///< the newest of each key, not the history
        std::uint64_t after = 0;
        std::uint64_t endings = 0;

        const record* next() const noexcept;
    };

    const source* earliest() const noexcept;
    void mark_read(const topic& of, std::uint64_t sequence) noexcept;
    void add_values(std::uint64_t after);

    std::uint64_t present_;
    boost::container::small_vector<source, 2> sources_;
    std::optional<gap> first_gap_;
};

} // namespace crier::detail
