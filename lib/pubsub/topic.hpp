#pragma once

#include <crier/pubsub/topic_policy.hpp>

#include "counters.hpp"
#include "end_kind.hpp"
#include "history.hpp"
#include "journal_page.hpp"
#include "lane.hpp"
#include "last_values.hpp"
#include "memory_budget.hpp"

#include <boost/intrusive/set.hpp>
#include <boost/json/value.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace crier::detail {

class entry;
struct polling_run;
struct waking;
class owed_drains;

/// Those who wait for the same.
using wakings = std::vector<std::unique_ptr<waking>>;

/// What a topic published last, to be compared with what comes next.
struct last_value {
    std::string type;
    std::variant<std::string, boost::json::value> data;

    friend bool operator==(const last_value&, const last_value&) = default;
};

/// What a topic is from its beginning to its end.
struct topic_settings {
    bool only_changes = false;
    history_limits history{};
    retention retain = retention::none;
    std::optional<queue_limits> queue{};
    /// Of events that are published without one.
    std::string type{};
    /// Its rule's, where it is to be polled by that.
    const decltype(topic_rule::source)* source = nullptr;
    /// Whether what it keeps is in a journal too.
    bool is_journaled = false;

    bool keeps() const noexcept { return history.events > 0 || retain != retention::none; }
};

/// Those that are to be reviewed at some time.
using in_schedule = boost::intrusive::set_base_hook<boost::intrusive::tag<struct in_schedule_tag>>;

/// One life of a topic: while it has subscribers, is polled, or keeps events. Guarded by its
/// manager's lock, but for what is constant.
struct topic final : boost::intrusive_ref_counter<topic, boost::thread_safe_counter>,
                     in_schedule,
                     evictable {
    /// The history is complete for what comes after the sequence number.
    topic(std::string called, topic_settings as, std::uint64_t opened_after, std::size_t keys_limit,
        const memory_account_ptr& account);
    topic(const topic&) = delete;
    topic& operator=(const topic&) = delete;
    ~topic();

    bool keeps_something() const noexcept { return !kept.empty() || (values && !values->empty()); }

    /// Whether it keeps only the newest event of each key: nobody misses what that supersedes.
    bool is_state() const noexcept { return values && settings.history.events == 0; }

    /// Up to which number somebody may have missed an event for good.
    std::uint64_t evicted_through() const noexcept {
        return is_state() ? values->evicted_through() : kept.evicted_through();
    }

    /// Puts an event into what it keeps. Nothing changes where it throws.
    void keep(const record& added, bool has_own_id);

    /// Notes that an event which there was no memory for is not kept either.
    void miss(const frame& denied, std::uint64_t sequence) noexcept;

    /// Counts one subscriber more in its lane on the shard, which is made where there is none yet;
    /// `leave` counts one less.
    boost::intrusive_ptr<lane> enter(const std::shared_ptr<shard>& on);
    void leave(lane& left) noexcept;

    /// Ends its subscribers' streams. Nothing changes where it throws.
    void end_streams(end_kind how, owed_drains& owed);

    /// The same for its manager's shutdown, without memory.
    void shut_down(owed_drains& owed) noexcept;

    topic_stats stats() const;

    /// Makes an entry one of its events.
    void sign(entry& event) const noexcept;

    /// Lets all that it keeps go, or only the newest event of a key. Who is still to read some of
    /// it is told of a gap.
    void forget(std::optional<std::string_view> key) noexcept;

    /// Lets the oldest of what it keeps go.
    void evict_oldest() noexcept override;

    /// It is followed in a shared journal: what is later than that number arrives.
    void follow(std::uint64_t after) noexcept;

    /// Puts what it retains in its journal beside what has come since it opened.
    void restore(const journal_piece& retained);

    const std::string name;
    const topic_settings settings;
    /// The last number that was given before it opened.
    const std::uint64_t since;
    const std::shared_ptr<counters> counts = std::make_shared<counters>();
    bool is_retired = false;
    std::size_t subscribers = 0;
    /// How many of its events wait for the journal.
    std::size_t pending = 0;
    std::uint64_t last_join = 0;
    std::uint64_t last_publish = 0;
    std::shared_ptr<const last_value> last;
    /// The reasons of refused events that were logged, as bits.
    unsigned refusals_logged = 0;
    /// Its subscribers, by their shards.
    boost::intrusive::set<lane, boost::intrusive::key_of_value<lane_shard>,
        boost::intrusive::constant_time_size<true>>
        lanes;

    history kept;
    std::optional<last_values> values;
    /// Whether what it retains is all here.
    bool is_loaded = true;
    /// Whether the journal knows its limits. Belongs to the journal's writer.
    bool is_known_to_journal = false;
    /// Where nodes share a journal: whether the journal is to follow it, was asked to, and does.
    /// Until then nothing of it arrives, and who reads it waits.
    bool is_to_be_followed = false;
    bool is_asked_for = false;
    bool is_followed = true;
    wakings awaiting{};
    /// From where it is followed, and up to where its events have arrived.
    std::uint64_t followed_after = 0;
    std::uint64_t arrived = 0;
    boost::intrusive_ptr<topic> next_retired{};
    /// How many subscribers read back at present.
    std::size_t readers = 0;
    /// How often its streams were ended, and how at last.
    std::uint64_t endings = 0;
    end_kind ended_by = end_kind::none;

    boost::intrusive_ptr<polling_run> polling;
    /// Since when it has no subscriber, and when it was last published to.
    clock::time_point left_at{};
    clock::time_point used_at{};
    /// When it is to be looked at again, without subscribers; it stands in a schedule then.
    clock::time_point due{};

private:
    const memory_account_ptr account_;
};

using topic_ptr = boost::intrusive_ptr<topic>;

} // namespace crier::detail
