#pragma once

#include <crier/pubsub/event_id.hpp>
#include <crier/wire/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

namespace crier::detail {

struct counters;
struct lane;
struct shedding;
struct subscriber;

/// What a shard is to do, in its order. Thread-safe.
class inbox {
public:
    struct arrival {
        std::shared_ptr<lane> in;
        frame content;
        event_id id;
        /// What it supersedes by. See `entry`.
        std::string key;
        /// Only for those who joined at this sequence number or later.
        std::uint64_t only_since;
    };
    struct join {
        std::shared_ptr<lane> in;
        std::shared_ptr<subscriber> who;
    };
    struct leave {
        std::shared_ptr<lane> in;
        std::shared_ptr<subscriber> who;
    };
    struct end {
        std::shared_ptr<lane> in;
    };
    /// Ends the streams of a topic, which goes on.
    struct cut {
        std::shared_ptr<lane> in;
    };
    /// Events that there was no memory for.
    struct refusal {
        std::shared_ptr<lane> in;
        event_id first;
        event_id last;
        std::uint64_t count;
        std::uint64_t only_since; ///< as of an arrival
    };
    /// Makes room by letting subscribers miss what is older.
    struct shed {
        std::uint64_t before;
        std::shared_ptr<counters> all_counts;
        std::shared_ptr<shedding> round; ///< none: nobody waits for it
    };
    /// Lets go of a subscriber whose handle is gone: its queue belongs to the shard's executor.
    struct release {
        std::shared_ptr<subscriber> who;
    };
    using item = std::variant<arrival, join, leave, end, cut, refusal, shed, release>;

    /// True: the caller owes a drain, for nobody else does.
    [[nodiscard]] bool push(item&& what);

    /// The same for an event that there was no memory for; those of a topic between which nothing
    /// else came take one item, so that they take no memory either.
    [[nodiscard]] bool refuse(
        const std::shared_ptr<lane>& in, event_id id, std::uint64_t only_since);

    /// Where the latest round of making room has not been begun: takes the shard out of it, and
    /// lets all events go that are older.
    void withdraw();

    /// Drains it: gives all items for an empty vector, whose room it goes on with. The next one to
    /// come owes a drain again.
    void swap(std::vector<item>& emptied);

    /// For a drain that is owed and cannot be begun: the next one to come owes it.
    void forgive_drain();

private:
    bool merge(const refusal& what);
    void note(const refusal& what, std::size_t at) const;

    std::mutex mutex_;
    std::vector<item> items_;
    /// Numbers the runs of refusals.
    std::uint64_t run_ = 1;
    bool drain_owed_ = false;
    bool shed_waits_ = false;
};

} // namespace crier::detail
