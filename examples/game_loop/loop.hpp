// A thread of the game's own, which steps its rooms 60 times a second.
#pragma once

#include <crier/pubsub/manager.hpp>

#include "room.hpp"

#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace game {

/// One turn of the loop.
struct turn {
    std::chrono::nanoseconds late; ///< from the planned time to the wake-up
    std::chrono::nanoseconds work; ///< from the wake-up to the end, publishing included
};

struct spread {
    std::chrono::nanoseconds p50;
    std::chrono::nanoseconds p99;
    std::chrono::nanoseconds max;
};

/// Percentiles of one member of the turns. At least one turn.
spread spread_of(const std::vector<turn>& turns, std::chrono::nanoseconds turn::* which);

/// Steps its rooms each tick, and publishes to "timing" each second. A room belongs to one loop, so
/// that rooms need no locks.
class loop {
public:
    loop(std::size_t number, std::vector<room> rooms, crier::manager& to);

    /// The latest turns, at most `kept`. Any thread.
    std::vector<turn> last(std::size_t count) const;

    static constexpr std::size_t kept = 3'600;

private:
    void run(const std::stop_token& stopped);
    boost::json::value timing() const;

    const std::size_t number_;
    std::vector<room> rooms_;
    crier::manager& to_;
    mutable std::mutex mutex_;
    std::deque<turn> turns_;
    // The last member, so that it ends before what it uses.
    std::jthread thread_;
};

} // namespace game
