#pragma once

#include <crier/pubsub/event_id.hpp>
#include <crier/pubsub/gap.hpp>

#include "subscriber.hpp"
#include "topic_table.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace crier::detail {

/// Lets subscribers read what was published before they joined, and counts what they missed of it.
/// Guarded by the manager's lock.
class replay {
public:
    replay(topic_table& topics, std::uint64_t epoch, bool has_ids) noexcept
        : topics_{topics}, epoch_{epoch}, has_ids_{has_ids} {}

    /// Decides what a new subscriber gets before what is published from now on. `newest` is the
    /// last sequence number given; without an id the topics' retained events are read.
    void begin(subscriber& who, std::string_view last_event_id, std::uint64_t newest);

    enum class state {
        more,  ///< there is more to read
        done,  ///< it is at the present
        ended, ///< so it is, and a topic's streams were ended meanwhile
    };

    /// Puts the next piece into the subscriber's queue. Where it throws, it can be called again.
    state read_piece(subscriber& who, std::uint64_t newest);

    void stop(subscriber& who) noexcept;

    std::uint64_t resumed() const noexcept { return resumed_; }
    const std::array<std::uint64_t, gap_reasons>& gaps() const noexcept { return gaps_; }

private:
    void tell(subscriber& who, gap missing);

    topic_table& topics_;
    const std::uint64_t epoch_;
    const bool has_ids_;
    std::uint64_t resumed_ = 0;
    std::array<std::uint64_t, gap_reasons> gaps_{};
};

} // namespace crier::detail
