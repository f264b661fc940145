#pragma once

#include <crier/pubsub/event_id.hpp>
#include <crier/pubsub/gap.hpp>

#include "origin.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace crier::model {

/// An event that a reader has received.
struct sighting {
    event_id id;
    origin from;
};

/// What a reader noted before it received the event of that index: that it was told of a gap, or
/// has connected.
struct remark {
    std::size_t before = 0;
    std::optional<gap> lost{};
    std::string text{};
};

/// All that one reader has received, over all of its connections.
struct sightings {
    std::vector<std::uint32_t> topics{};
    event_id begin{}; ///< what its first connection asks for; zeros: nothing
    event_id end{};   ///< how far it had to come
    std::vector<sighting> events{};
    std::vector<remark> remarks{};
    std::vector<std::string> complaints{}; ///< what no hub may send
};

} // namespace crier::model
