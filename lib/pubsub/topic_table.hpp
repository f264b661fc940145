#pragma once

#include <crier/pubsub/manager.hpp>
#include <crier/pubsub/secret_hash.hpp>

#include "topic.hpp"

#include <boost/intrusive/set.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace crier::detail {

class retired_topics;

/// The topics by their names: when one opens, how long it lingers, when it retires. It knows no
/// executor and no lock: its manager guards it, and does what it says.
class topic_table {
public:
    /// In a journal that nodes share, topics are to be followed.
    topic_table(
        const manager_options& options, memory_budget& budget, bool is_shared = false) noexcept
        : options_{options}, is_shared_{is_shared}, budget_{budget} {}
    topic_table(const topic_table&) = delete;
    topic_table& operator=(const topic_table&) = delete;
    ~topic_table();

    /// What a topic that begins is to be, by the rules. Calls user code: not under the lock.
    topic_settings settings_of(std::string_view name) const;
    topic_settings settings_of(const topic_options& asked) const;

    topic* find(std::string_view name) const noexcept;
    /// `newest` is the last sequence number given.
    topic& open(std::string_view name, topic_settings settings, std::uint64_t newest);

    /// Notes an event under a name that is no topic: who comes back to it has missed that.
    void note_unkept(std::string_view name, std::uint64_t sequence) noexcept;

    /// Notes that what a topic keeps was used, or has changed.
    void note_use(topic& of) noexcept;

    /// What happens to a topic; a run of a polling service that is over by it is returned.
    using stopped_run = boost::intrusive_ptr<polling_run>;

    stopped_run left(topic& by, clock::time_point now) noexcept;
    /// Lets the oldest of the topic that was used least recently go; `but` does not end by it.
    stopped_run evict(const topic* but, clock::time_point now) noexcept;
    /// It may keep nothing any more, or may have come to its end.
    stopped_run review(topic& idle, clock::time_point now) noexcept;

    /// The next review that is due by itself; the end of time without one.
    clock::time_point next_review() const noexcept;
    /// Does one that is due. False: there is none.
    bool review_due(clock::time_point now, stopped_run& stopped) noexcept;

    /// Any topic, to be retired; none when all are.
    topic* any() const noexcept;
    stopped_run retire(topic& ended) noexcept;

    /// Where those go that end and were followed; none: nowhere.
    void hand_retired_to(retired_topics* by) noexcept { retired_ = by; }

    /// Of all, in no order.
    std::vector<topic_stats> stats() const;

private:
    struct by_due {
        bool operator()(const topic& one, const topic& other) const noexcept {
            return one.due < other.due;
        }
    };

    const manager_options& options_;
    const bool is_shared_;
    memory_budget& budget_;
    retired_topics* retired_ = nullptr;
    /// Their keys are views of the topics' names.
    std::unordered_map<std::string_view, topic_ptr, secret_hash> topics_;
    boost::intrusive::multiset<topic, boost::intrusive::base_hook<in_schedule>,
        boost::intrusive::compare<by_due>>
        schedule_;
    /// Up to which sequence number names that are no topic had events, by their hashes: one may be
    /// thought to have had some that were another's, never the other way round.
    std::array<std::uint64_t, 256> unkept_{};
};

} // namespace crier::detail
