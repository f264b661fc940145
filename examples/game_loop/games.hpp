// All rooms, each on one of the game's threads.
#pragma once

#include <crier/pubsub/manager.hpp>

#include "loop.hpp"

#include <cstddef>
#include <list>

namespace game {

struct games_options {
    std::size_t rooms = 8;
    std::size_t threads = 2;
    unsigned game = 60; ///< seconds
    unsigned pause = 5; ///< seconds
};

/// Plays until it is destroyed. The first games end one after another, not all at once.
class games {
public:
    games(const games_options& options, crier::manager& to);

    /// The one with room 1.
    const loop& first() const noexcept { return loops_.front(); }

private:
    std::list<loop> loops_;
};

} // namespace game
