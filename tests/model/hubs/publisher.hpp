#pragma once

#include <crier/pubsub/event_id.hpp>

#include "connection.hpp"
#include "origin.hpp"
#include "town.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace crier::model {

/// What its publisher knows of an event.
struct note {
    enum class outcome : std::uint8_t { unknown, acknowledged, refused };

    std::uint32_t topic = 0;
    outcome came = outcome::unknown;
    event_id id{}; ///< of an acknowledged one
};

/// Publishes one event after the other, at any hub that is there, and notes what came of each.
class publisher {
public:
    publisher(town& in, std::uint32_t number);

    /// At random, some in vain, until enough is published.
    void run();
    /// One event at a hub, again and again with another number, until it is acknowledged; an id of
    /// zeros: it never is.
    event_id insist(std::size_t home, std::uint32_t topic);
    void cut() noexcept { to_.cut(); }

    const std::vector<note>& notes() const noexcept { return notes_; }
    /// What no hub may answer.
    const std::vector<std::string>& complaints() const noexcept { return complaints_; }

private:
    bool connect(std::size_t home);
    note& publish(std::uint32_t topic, const std::string& query, bool leaves);
    void publish_in_vain();
    void take_answer(note& of);

    town& town_;
    const std::uint32_t number_;
    dice random_;
    connection to_;
    std::vector<note> notes_;
    std::vector<std::string> complaints_;
};

} // namespace crier::model
