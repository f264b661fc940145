#pragma once

#include "shard.hpp"
#include "subscriber.hpp"
#include "task.hpp"
#include "topic.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <memory>
#include <utility>

namespace crier::detail {

/// A subscriber that waits for something that it reads back, and its shard.
struct waiting_reader {
    boost::intrusive_ptr<subscriber> who;
    std::shared_ptr<shard> on;
};

/// Wakes it.
struct waking final : task {
    explicit waking(waiting_reader waits) noexcept : to{std::move(waits)} {}

    void run(shard& on) noexcept override { on.wake_in_turn(*to.who); }
    void release() noexcept override { delete this; }

    const waiting_reader to;
};

inline void wake_all(wakings& all, owed_drains& owed) noexcept {
    for (std::unique_ptr<waking>& each : all) {
        const std::shared_ptr<shard>& on = each->to.on;
        owed.push(on, *each.release());
    }
    all.clear();
}

} // namespace crier::detail
