#pragma once

#include <crier/wire/event.hpp>
#include <crier/wire/frame.hpp>

#include <stdexcept>

namespace crier::detail {

/// The heartbeat that a manager's or a writer's options ask for.
/// Errors: throws `std::invalid_argument` on a text that cannot be sent.
template <class Options>
frame heartbeat_of(const Options& options) {
    event_view visible;
    visible.type = "crier.heartbeat";
    visible.data = options.heartbeat_text;
    const auto made = options.heartbeat_events
                        ? make_frame(visible)
                        : make_comment_frame(options.heartbeat_text, options.heartbeat_end);
    if (!made) {
        throw std::invalid_argument{"heartbeat_text: " + made.error().message()};
    }
    return *made;
}

} // namespace crier::detail
