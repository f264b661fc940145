#pragma once

#include "coding.hpp"
#include "output.hpp"
#include "pubsub/event_queue.hpp"

#include <string_view>

namespace crier::detail {

/// The output of a stream of events. Its own bytes, which are no event's, go first: the opening, a
/// heartbeat, the end.
class event_output final : public output {
public:
    using output::output;

    /// Writes own bytes first, which must stay until then. Only where none wait.
    void add_own(std::string_view bytes) noexcept { own_ = bytes; }
    bool has_own() const noexcept { return !own_.empty(); }

    // Each writes what the sink takes at once.

    /// Writes own bytes. True: that was all.
    bool flush_own(clock::time_point now);

    /// Writes own bytes, then events.
    void flush(event_queue& events, coding as, clock::time_point now);

    /// Writes an event where nothing else waits. What is not taken of it waits in the queue then.
    /// False: nothing was taken.
    bool write_past(event_queue& events, const entry_ptr& only, coding as, clock::time_point now);

private:
    std::string_view own_;
};

} // namespace crier::detail
