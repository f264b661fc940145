#pragma once

#include <crier/async/detail/wakeable.hpp>

#include "async/alarms.hpp"
#include "shard.hpp"
#include "topic_table.hpp"

#include <memory>
#include <mutex>
#include <utility>

namespace crier::detail {

/// Reviews topics when that is due by itself: one alarm, on the manager's strand, for the first.
class review_alarm final : private wakeable, private task {
public:
    /// The table's guard is the manager's lock.
    review_alarm(std::mutex& guard, topic_table& topics) noexcept
        : guard_{guard}, topics_{topics} {}

    /// Before anything else: where the alarm rings, and polling services stop.
    void live_on(std::shared_ptr<shard> on) noexcept { shard_ = std::move(on); }

    // Under the manager's lock:

    /// Lets the alarm be set where a review is due before it rings, or be cleared where none is due
    /// any more. `keeper` keeps this.
    void adjust(const std::shared_ptr<void>& keeper, owed_drains& owed) noexcept;

    /// Stops the run of a polling service that is over, if there is one.
    void stop(const topic_table::stopped_run& run, owed_drains& owed) noexcept;

private:
    void set(alarms& by) noexcept;
    void run(shard& on) noexcept override;
    void release() noexcept override;
    void wake() override;

    std::mutex& guard_;
    topic_table& topics_;
    std::shared_ptr<shard> shard_;
    alarm alarm_{*this};
    /// When it rings, as far as it could be set.
    clock::time_point at_ = clock::time_point::max();
    /// While the task that sets it is on its way.
    std::shared_ptr<void> kept_;
};

} // namespace crier::detail
