#pragma once

#include <crier/pubsub/manager.hpp>
#include <crier/pubsub/shared_journal.hpp>

#include "closed_topics.hpp"
#include "counters.hpp"
#include "making_room.hpp"
#include "memory_budget.hpp"
#include "review_alarm.hpp"
#include "shard_table.hpp"
#include "topic_table.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace crier::detail {

/// What the parts of a manager share. The lock guards all that is neither constant nor atomic.
struct manager_core {
    manager_core(std::shared_ptr<const logger> to_log, manager_options&& checked,
        const journal::numbering& from)
        : options{std::move(checked)},
          log{std::move(to_log)},
          shared{dynamic_cast<shared_journal*>(options.journal.get())},
          epoch{from.epoch},
          sequence{from.newest},
          budget{options.memory_limit},
          closed{options.closed_for, budget.account()},
          topics{options, budget, shared != nullptr},
          shards{log, counts} {}
    manager_core(const manager_core&) = delete;
    manager_core& operator=(const manager_core&) = delete;
    ~manager_core() = default;

    const memory_account_ptr& account() const noexcept { return budget.account(); }

    /// Lets a topic keep its newest event. False: there is no room for it, and nobody is to get it.
    /// Under the lock. Nothing changes where it throws.
    bool keep(topic& in, const record& newest, bool has_own_id, owed_drains& owed) {
        const bool is_admitted = room.make(&in, newest.content.text().size(), sequence, owed);
        if (is_admitted) {
            in.keep(newest, has_own_id);
        } else {
            in.miss(newest.content, newest.sequence);
        }
        topics.note_use(in);
        return is_admitted;
    }

    const manager_options options;
    const std::shared_ptr<const logger> log;
    shared_journal* const shared; ///< the journal, if nodes share it
    const std::uint64_t epoch;
    const std::shared_ptr<counters> counts = std::make_shared<counters>();
    std::atomic<std::uint64_t> refused{0};
    std::atomic<bool> is_shut_down{false};

    mutable std::mutex guard;
    std::uint64_t sequence; ///< the last number that was given or, where nodes share, has arrived
    /// Up to which number clients have come back that had been further than that.
    std::uint64_t furthest_resumed = 0;
    memory_budget budget;
    closed_topics closed;
    topic_table topics;
    shard_table shards;
    review_alarm reviews{guard, topics};
    making_room room{budget, topics, shards, reviews};
};

} // namespace crier::detail
