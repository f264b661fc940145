// Measures whether viewers disturb the loop: with none, one and many in turn.
#pragma once

#include <crier/http/server.hpp>
#include <crier/pubsub/manager.hpp>

#include "loop.hpp"
#include "viewers.hpp"

#include <chrono>
#include <cstddef>
#include <thread>

namespace game {

/// Measures on a thread of its own, prints a table to `std::cout`, and shuts the server down. It is
/// to be destroyed before what it is given.
class measurement {
public:
    measurement(std::chrono::seconds whole, std::size_t many, const viewers& crowd,
        crier::server& server, const crier::manager& events, const loop& of);

    /// Ends it, and returns the program's exit status.
    int finish();

private:
    int status_ = 0;
    std::jthread thread_;
};

} // namespace game
