#include "event_output.hpp"

#include <cstddef>

namespace crier::detail {

bool event_output::flush_own(clock::time_point now) {
    while (!own_.empty()) {
        const std::size_t written = write_some(own_, now);
        if (written == 0) {
            return false;
        }
        own_.remove_prefix(written);
    }
    return true;
}

void event_output::flush(event_queue& events, coding as, clock::time_point now) {
    if (!flush_own(now)) {
        return;
    }
    const frame_bytes bytes = bytes_as(as);
    while (!events.empty()) {
        const event_queue::buffers next = events.gather(bytes);
        const std::size_t written = next.empty() ? 0 : write_some(next, now);
        if (written == 0) {
            events.pin(next.empty() ? 0 : to().in_flight());
            return;
        }
        events.advance(written, bytes);
    }
}

bool event_output::write_past(
    event_queue& events, const entry_ptr& only, coding as, clock::time_point now) {
    const std::string_view bytes = bytes_of(only->content, as);
    const std::size_t written = write_some(bytes, now);
    if (written > 0 && written < bytes.size()) {
        events.append(only);
        events.advance(written, bytes_as(as));
        wake();
    }
    return written > 0;
}

} // namespace crier::detail
