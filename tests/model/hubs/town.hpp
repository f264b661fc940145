#pragma once

#include <crier/pubsub/event_id.hpp>

#include "../dice.hpp"
#include "settings.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

namespace crier::model {

/// What all threads of a run know.
class town {
public:
    explicit town(const settings& chosen)
        : with{chosen}, ports(chosen.hubs), ends_(chosen.is_shared() ? 1 : chosen.hubs) {}

    const settings with;
    std::vector<std::atomic<std::uint16_t>> ports; ///< of the hubs; 0 while one is not there
    std::atomic<bool> is_published{false};         ///< nothing more is published
    std::atomic<bool> is_over{false};              ///< readers: come to the end
    std::atomic<bool> is_given_up{false};          ///< they did not
    std::atomic<std::uint64_t> acknowledged{0};
    std::atomic<std::uint64_t> connections{0};

    /// Where somebody goes next who is at home at a hub; 0: there is none now.
    std::uint16_t next_port(std::size_t home, dice& random) {
        const std::size_t hub =
            with.is_shared() ? random(static_cast<std::uint32_t>(ports.size())) : home;
        return ports[hub];
    }

    /// Cuts a third of all connections. They are added before anybody cuts.
    void cut(dice& random) {
        for (const auto& each : cutters_) {
            if (random(3) == 0) {
                each();
            }
        }
    }
    void on_cut(std::function<void()> cut) { cutters_.push_back(std::move(cut)); }

    /// An event that is the end of a topic: all that was acknowledged before has come then.
    void set_end(std::size_t home, std::uint32_t topic, event_id at) {
        const std::lock_guard lock{mutex_};
        ends_[with.is_shared() ? 0 : home][topic] = at;
    }
    /// The last of these topics' ends.
    event_id end_of(std::size_t home, std::span<const std::uint32_t> topics) const {
        const std::lock_guard lock{mutex_};
        event_id last;
        for (const std::uint32_t topic : topics) {
            last = std::max(last, ends_[with.is_shared() ? 0 : home][topic]);
        }
        return last;
    }

private:
    std::vector<std::function<void()>> cutters_;
    mutable std::mutex mutex_;
    std::vector<std::array<event_id, topics_published>> ends_;
};

} // namespace crier::model
