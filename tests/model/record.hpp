#pragma once

#include <crier/pubsub/event_id.hpp>

#include "published.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace crier::model {

/// What a client received: an event, or what it was told of a gap or of events that one signal
/// stands for.
struct item {
    enum class kind { event, gap, signal };

    kind is{};
    event_id id{};
    std::string data{};
    event_id gap_from{};
    event_id gap_to{};
    bool is_overflow = false;
    std::optional<std::uint64_t> gap_count{};
};

/// One stream, as the client saw it.
struct connection {
    std::string resumed_from; ///< the Last-Event-ID that it was opened with
    std::vector<item> items{};
    bool has_left = false; ///< else the server has ended it
};

/// All that one client received, over all of its connections.
struct record {
    std::vector<std::size_t> topics;
    bool conflates = false; ///< a newer event of the same key may stand for an older one
    std::vector<connection> connections;
};

struct verdict {
    std::vector<std::string> violations; ///< the first ones
    std::uint64_t count = 0;
    std::uint64_t received = 0;
    std::uint64_t gaps = 0;
    std::uint64_t in_gaps = 0;        ///< events that are missing and lie in a gap
    std::uint64_t conflated = 0;      ///< events that a newer one stands for
    std::vector<std::string> history; ///< the connections around the first violation
};

/// Checks a client's record against what was published: from its first event on, every event of its
/// topics in order, each once, and every missing one inside a gap that it was told of before.
verdict check(const record& of, const published& all);

} // namespace crier::model
