// A room: games of the same length one after another, with a pause in between.
#pragma once

#include <crier/pubsub/manager.hpp>

#include "world.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace game {

struct room_rules {
    world::tick game = std::chrono::minutes{1};
    world::tick pause = std::chrono::seconds{5};
};

/// The topic of a room; numbers begin with 1.
std::string room_topic(std::size_t number);

/// Publishes the world to the room's topic each tick, as the type "world", and at the end of a game
/// the winner as "won"; then it closes the topic. What goes on in the room is told to "rooms".
class room {
public:
    /// The thread is told to viewers. The first game ends sooner by the head start.
    room(std::size_t number, std::size_t thread, room_rules rules, world::tick head_start = {});

    void step(crier::manager& to);

private:
    void begin(crier::manager& to);
    void play(crier::manager& to);
    void end(crier::manager& to);

    const std::size_t number_;
    const std::size_t thread_;
    const room_rules rules_;
    const std::string topic_;
    std::size_t games_ = 0;
    std::optional<world> world_; ///< while a game is played
    world::tick left_{1};        ///< until the game ends, or the pause
    world::tick head_start_;
};

} // namespace game
