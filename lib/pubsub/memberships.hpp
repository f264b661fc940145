#pragma once

#include "asked_topics.hpp"
#include "review_alarm.hpp"
#include "subscriber.hpp"
#include "topic_table.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace crier::detail {

/// Gives subscribers their places in topics, and takes them back. Guarded by the manager's lock.
class memberships {
public:
    memberships(topic_table& topics, review_alarm& reviews) noexcept
        : topics_{topics}, reviews_{reviews} {}

    /// How many subscribers there are.
    std::size_t subscribers() const noexcept { return subscribers_; }

    /// A subscriber on its way in: what it has entered it leaves again, unless it stays.
    class entering {
    public:
        entering(memberships& of, subscriber& who, owed_drains& owed) noexcept
            : of_{of}, who_{who}, owed_{owed} {}
        entering(const entering&) = delete;
        entering& operator=(const entering&) = delete;
        ~entering();

        /// Gives it a place in the topic's lane on the shard. The topic opens, and begins to be
        /// polled, where it is to be and is not yet.
        void enter(asked_topic& asked, const std::shared_ptr<shard>& on);

        /// Gives it its number.
        void stay() noexcept;

    private:
        memberships& of_;
        subscriber& who_;
        owed_drains& owed_;
    };

    /// From here on the subscriber gets what is published.
    static void join(const std::shared_ptr<shard>& on, subscriber& who, owed_drains& owed) noexcept;

    /// Takes back all places of one that has stayed. False: it had none any more.
    bool leave(subscriber& who, owed_drains& owed) noexcept;

private:
    void leave_topics(subscriber& who, owed_drains& owed) noexcept;

    topic_table& topics_;
    review_alarm& reviews_;
    std::uint64_t next_ = 1;
    std::size_t subscribers_ = 0;
};

} // namespace crier::detail
