#pragma once

#include <crier/wire/event.hpp>

#include "sighting.hpp"
#include "town.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace crier::model {

/// Notes what a client receives, and knows when it has come to the end.
class reader {
public:
    reader(town& in, std::size_t home, std::vector<std::uint32_t> topics) : town_{in}, home_{home} {
        seen_.topics = std::move(topics);
    }

    std::string target() const;
    std::size_t home() const noexcept { return home_; }

    void note_connection(std::string_view last_event_id);
    void take(const event& received);
    void complain(std::string what) { seen_.complaints.push_back(std::move(what)); }
    bool is_at_end() const;

    /// Begins after an event, instead of with what is published next.
    void begin_after(event_id at) { seen_.begin = at; }
    /// Once it reads no more.
    const sightings& seen() const noexcept { return seen_; }
    sightings take_all();

private:
    town& town_;
    const std::size_t home_;
    event_id reached_{};
    sightings seen_;
};

} // namespace crier::model
