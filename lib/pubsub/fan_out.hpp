#pragma once

#include <crier/pubsub/event_id.hpp>
#include <crier/wire/frame.hpp>

#include "delivery.hpp"
#include "topic.hpp"

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>

namespace crier::detail {

class owed_drains;

/// What an event needs on its way to a topic's subscribers: one for each lane.
using deliveries = boost::container::small_vector<delivery_ptr, 1>;

/// Adds what is lacking to so many.
void fill(deliveries& some, std::size_t lanes, const memory_account_ptr& account);

/// The same for a topic that is found under the lock, which is let go meanwhile; none: there is
/// nobody to deliver to.
template <class Find>
topic* find_and_fill(deliveries& some, std::unique_lock<std::mutex>& lock,
    const memory_account_ptr& account, Find find) {
    topic* to = find();
    while (to != nullptr && some.size() < to->lanes.size()) {
        const std::size_t lanes = to->lanes.size();
        lock.unlock();
        fill(some, lanes, account);
        lock.lock();
        to = find();
    }
    return to;
}

/// An event that goes to all lanes of a topic.
struct fanned_out {
    const frame* content = nullptr; ///< none: they miss it
    event_id id{};
    /// It equals the last one, and is for those alone that have joined since.
    bool is_repeated = false;
    /// Some may have got later numbers before it, or have it from elsewhere.
    bool is_late = false;
    /// Where it is missed: up to which number.
    std::uint64_t last = 0;
};

void fan_out(deliveries& by, topic& to, const fanned_out& what, owed_drains& owed) noexcept;

} // namespace crier::detail
