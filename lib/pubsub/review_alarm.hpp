#pragma once

#include <crier/async/detail/wakeable.hpp>

#include "async/alarms.hpp"
#include "shard.hpp"
#include "topic_table.hpp"

#include <memory>
#include <mutex>
#include <utility>

namespace crier::detail {

/// Reviews topics that may be over: when something has happened to them, and when that is due by
/// itself, for which there is one alarm on the manager's strand. There polling services start and
/// stop, too.
class review_alarm final : private wakeable, private task {
public:
    /// The table's guard is the manager's lock.
    review_alarm(std::mutex& guard, topic_table& topics) noexcept
        : guard_{guard}, topics_{topics} {}

    /// Before anything else: where the alarm rings. `keeper` keeps this.
    void live_on(std::shared_ptr<shard> on, const std::shared_ptr<void>& keeper) noexcept {
        shard_ = std::move(on);
        keeper_ = keeper;
    }

    // Under the manager's lock:

    /// Reviews a topic that may be over.
    void review(topic& idle, owed_drains& owed) noexcept;

    /// Lets the alarm be set where a review is due before it rings, or be cleared where none is due
    /// any more.
    void adjust(owed_drains& owed) noexcept;

    void start(polling_run& run, owed_drains& owed) noexcept;
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
    std::weak_ptr<void> keeper_;
    alarm alarm_{*this};
    /// When it rings, as far as it could be set.
    clock::time_point at_ = clock::time_point::max();
    /// While the task that sets it is on its way.
    std::shared_ptr<void> kept_;
};

/// Reviews a topic at the end, whatever happens before.
class owed_review {
public:
    owed_review(review_alarm& by, topic& of, owed_drains& owed) noexcept
        : by_{by}, of_{of}, owed_{owed} {}
    owed_review(const owed_review&) = delete;
    owed_review& operator=(const owed_review&) = delete;
    ~owed_review() { by_.review(of_, owed_); }

private:
    review_alarm& by_;
    topic& of_;
    owed_drains& owed_;
};

} // namespace crier::detail
