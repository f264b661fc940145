#pragma once

#include "topic.hpp"

#include <condition_variable>
#include <utility>

namespace crier::detail {

/// Topics that were followed and have ended: a shared journal is to follow them no more. Guarded by
/// the manager's lock.
class retired_topics {
public:
    /// That is notified when there are some.
    explicit retired_topics(std::condition_variable& woken) noexcept : woken_{woken} {}
    retired_topics(const retired_topics&) = delete;
    retired_topics& operator=(const retired_topics&) = delete;
    ~retired_topics() {
        while (take()) {
        }
    }

    void add(topic& ended) noexcept {
        ended.next_retired = std::move(first_);
        first_ = &ended;
        woken_.notify_one();
    }

    topic_ptr take() noexcept {
        topic_ptr taken = std::move(first_);
        if (taken) {
            first_ = std::move(taken->next_retired);
        }
        return taken;
    }

    bool empty() const noexcept { return !first_; }

private:
    std::condition_variable& woken_;
    topic_ptr first_;
};

} // namespace crier::detail
