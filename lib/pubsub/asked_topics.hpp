#pragma once

#include <crier/pubsub/manager.hpp>

#include "event_queue.hpp"
#include "lifecycle.hpp"
#include "topic_table.hpp"

#include <cstddef>
#include <vector>

namespace crier::detail {

/// A topic as it is asked for, with what was made for it without the lock.
struct asked_topic {
    asked_topic(topic_options&& given, topic_settings&& made) noexcept
        : options{std::move(given)}, settings{std::move(made)} {}

    topic_options options;
    topic_settings settings;
    /// For where it is not polled yet.
    polling_run_ptr spare_run{};
};

/// The topics that a subscription asks for.
class asked_topics {
public:
    /// Throws `std::invalid_argument` where the limits do not allow them. Asks the topics' rules,
    /// which are user code: not under the manager's lock.
    asked_topics(
        std::vector<topic_options> topics, const topic_table& known, const manager_options& limits);

    std::size_t size() const noexcept { return all_.size(); }
    auto begin() noexcept { return all_.begin(); }
    auto end() noexcept { return all_.end(); }

    /// One that is to be polled, is not polled yet, and has no spare run; none: null.
    asked_topic* without_run(const topic_table& known) noexcept;

    /// What the subscription says, or else the largest of what its topics say; the manager speaks
    /// for those that say nothing. Its topics are one or more.
    event_queue::bounds limits(const subscribe_options& given, const topic_table& known,
        const manager_options& options) const;

private:
    std::vector<asked_topic> all_;
};

} // namespace crier::detail
