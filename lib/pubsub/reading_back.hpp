#pragma once

#include <crier/pubsub/event_id.hpp>
#include <crier/pubsub/gap.hpp>

#include "end_kind.hpp"
#include "reading_source.hpp"

#include <boost/container/small_vector.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

class journal_reader;
class shard;
class subscriber;
struct manager_core;
struct topic;

/// What a subscriber reads back before it gets what is published from then on: the histories of its
/// topics, and what they retain, in the order of their sequence. Meanwhile the topics keep what is
/// published, as its queue would. Guarded by the manager's lock, also when it goes.
class reading_back {
public:
    /// What all who read back from a manager's topics share.
    struct common {
        manager_core& of;
        journal_reader* journal = nullptr; ///< of topics that have one
        std::uint64_t resumed = 0;         ///< subscribers that gave a last event id
        std::array<std::uint64_t, gap_reasons> gaps{};

        /// The last number of all that is known, on whatever node.
        std::uint64_t newest() const noexcept;
    };

    /// Decides what a new subscriber gets before what is published from now on: what came after its
    /// client's last event or, without an id, what its topics retain.
    /// Where that is anything, it `is_behind`.
    static void begin(common& by, subscriber& who, std::string_view last_event_id);

    reading_back(const reading_back&) = delete;
    reading_back& operator=(const reading_back&) = delete;
    ~reading_back();

    enum class progress {
        more,  ///< it is to be called again
        waits, ///< the subscriber is woken when it can go on
        done,
    };
    /// Puts the next piece into the queue of the subscriber, which is on the shard. Where it
    /// throws, it can be called again, and what is in the queue is not read again.
    progress read_piece(const std::shared_ptr<shard>& on);

    /// How streams of its topics were ended meanwhile; none of them: not.
    end_kind how_ended() const noexcept;

private:
    using source = reading_source;

    reading_back(common& by, subscriber& who);

    bool has_past() const noexcept;
    bool fetch_all(const std::shared_ptr<shard>& on);
    bool fetch(source& into, const std::shared_ptr<shard>& on);
    bool await_follow(source& of, const std::shared_ptr<shard>& on);
    bool begin_after(std::string_view last_event_id);
    bool resolve(const std::shared_ptr<shard>& on);
    bool is_far_enough(std::uint64_t sequence, const std::shared_ptr<shard>& on);
    bool are_followed(const std::shared_ptr<shard>& on);
    bool go_on_after(std::string_view last_event_id, std::optional<event_id> cursor);
    bool begin_with_retained();
    bool begin_together(const std::shared_ptr<shard>& on);
    void add_values(std::uint64_t after, bool all);
    void hold() noexcept;
    void tell_evicted();
    void tell_evicted(source& from, std::uint64_t through);
    void tell(gap missing);
    const source* earliest() const noexcept;
    void mark_read(const topic& of, std::uint64_t sequence) noexcept;
    void miss_late(topic& of, std::uint64_t sequence) noexcept;
    bool has_newest() const noexcept;

    common& by_;
    subscriber& who_;
    boost::container::small_vector<source, 2> sources_;
    /// What the client has received last, by an id that may be in the journal.
    std::optional<std::string> unresolved_;
    /// How often the engine has said how far it is, when that is no older than the client.
    std::optional<std::uint64_t> newest_after_;
    std::uint64_t read_through_ = 0; ///< the number of the event that came last
    /// Begins with all topics at once, when all are followed.
    bool begins_together_ = false;
    bool holds_ = false;
};

} // namespace crier::detail
