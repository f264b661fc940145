#pragma once

#include <crier/pubsub/stats.hpp>

#include "arrivals.hpp"
#include "fan_out.hpp"
#include "journal_health.hpp"
#include "journal_reader.hpp"
#include "journal_writer.hpp"
#include "manager_core.hpp"
#include "outbox.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace crier::detail {

/// The way of a manager's events through its journal: they wait in the outbox, and are written.
/// Those that the manager has numbered are kept and delivered then, in the order of their numbers,
/// as without a journal; those of a shared one once they arrive.
class journaling final : private journal_writer::listener {
public:
    /// Called under the lock.
    struct hooks {
        /// An entry of a shared journal ends, closes or empties a topic.
        arrivals::action act;
        /// Nothing more comes.
        std::function<void(owed_drains&)> at_end;
    };

    journaling(manager_core& of, hooks by);
    journaling(const journaling&) = delete;
    journaling& operator=(const journaling&) = delete;
    ~journaling();

    // Under the lock:

    /// Whether everything that has a number was delivered, or refused.
    bool is_settled() const noexcept { return outbox_.is_settled(); }

    /// Whether an event may wait for the journal.
    bool has_room_for(const frame& content) const noexcept { return outbox_.fits(content); }

    /// Whether numbers may be given to events that do not go by the journal. It is told of them now
    /// and then, as it has set only so many aside.
    bool may_number() noexcept;

    /// Lets it wait. Nothing changes where it throws.
    void add(outgoing&& published, owed_wake& owed);

    /// Lets somebody have a turn after what was published until now.
    void add(turn&& of);

    /// Lets a shared journal follow a topic, before it gets what is published from now on.
    void follow(topic& begun);

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
    void turn_came(const turn& whose, bool has_failed, owed_drains& owed);
    void sent(const outgoing& one, bool is_refused) noexcept;
    topic& open(const outgoing& one);
    void settle(outgoing& one, topic& to, deliveries& by, bool is_refused, owed_drains& owed);
    void all_written(std::chrono::steady_clock::time_point until) noexcept override;

    manager_core& of_;
    const hooks by_;
    std::atomic<std::uint64_t> refused_{0};
    std::uint64_t told_of_ = 0; ///< up to which number the journal is told, or soon will be
    std::uint64_t known_ = 0;   ///< up to which number it is told
    outbox outbox_;
    journal_health health_;
    journal_reader reader_;
    journal_writer writer_;
    std::optional<arrivals> arrivals_; ///< of a shared journal
};

} // namespace crier::detail
