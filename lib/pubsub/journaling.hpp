#pragma once

#include <crier/pubsub/stats.hpp>

#include "draft.hpp"
#include "journal_reader.hpp"
#include "journal_writer.hpp"
#include "outbox.hpp"
#include "review_alarm.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

namespace crier::detail {

/// The way of a manager's events through its journal: they wait in the outbox, are written, and
/// then kept and delivered as they are without one, in the order of their numbers.
class journaling final : private journal_writer::listener {
public:
    /// The manager's, which outlives it. The lock guards the others.
    struct surroundings {
        std::mutex& guard;
        topic_table& topics;
        review_alarm& reviews;
        memory_account_ptr account;
        std::shared_ptr<const logger> log;
        const std::uint64_t& newest; ///< the last number that was given
        /// Both are called under the lock: when an event begins a topic anew that was closed, and
        /// when nothing more is written.
        std::function<void(const topic&)> begins_anew;
        std::function<void(owed_drains&)> at_end;
    };

    journaling(std::shared_ptr<journal> in, const outbox_limits& most, surroundings of);

    // Under the lock:

    /// Whether everything that has a number was delivered, or refused.
    bool is_settled() const noexcept { return outbox_.is_settled(); }

    /// Whether an event may wait for the journal.
    bool has_room_for(const frame& content) const noexcept { return outbox_.fits(content); }

    /// Whether numbers may be given to events that do not go by the journal. It is told of them now
    /// and then, as it has set only so many aside.
    bool may_number() noexcept;

    /// Lets it wait. Nothing changes where it throws.
    void add(outgoing&& published);

    /// Lets somebody have a turn after what was published until now.
    void add(turn&& of);

    /// Writes what waits, within a second; after that nothing more comes.
    void end() noexcept;

    journal_reader& reader() noexcept { return reader_; }
    journal_stats stats() const noexcept;

    // Without it:

    /// How many events the journal has refused.
    std::uint64_t refused() const noexcept { return refused_; }

    /// Waits for the end, and ends the journal.
    void join() noexcept;

private:
    void written(outgoing& one, boost::system::error_code error) override;
    topic& open(const outgoing& one);
    void settle(outgoing& one, topic& to, deliveries& by, bool is_refused, owed_drains& owed);
    std::uint64_t newest() const noexcept override { return of_.newest; }
    void all_written() noexcept override;

    const std::shared_ptr<journal> in_;
    const surroundings of_;
    std::atomic<std::uint64_t> refused_{0};
    std::uint64_t told_of_ = 0; ///< up to which number the journal is told, or soon will be
    std::uint64_t known_ = 0;   ///< up to which number it is told
    outbox outbox_;
    journal_reader reader_;
    journal_writer writer_;
};

} // namespace crier::detail
