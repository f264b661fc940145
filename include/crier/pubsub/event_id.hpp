#pragma once

#include <crier/export.hpp>

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace crier {

/// An event's place in the order of all events of a manager.
struct event_id {
    std::uint64_t epoch = 0;    ///< random, new for each manager
    std::uint64_t sequence = 0; ///< from 1; to resume from, 0 is the place before the first event

    friend auto operator<=>(const event_id&, const event_id&) = default;
};

/// Both numbers in base 36, with a dot between them. Clients receive and return this text.
CRIER_EXPORT std::string to_string(event_id id);
CRIER_EXPORT std::ostream& operator<<(std::ostream& to, event_id id);

/// Reads a text that `to_string` wrote. Any other text gives none.
CRIER_EXPORT std::optional<event_id> parse_event_id(std::string_view text) noexcept;

} // namespace crier
