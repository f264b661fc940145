#include "reader.hpp"

#include <crier/pubsub/gap.hpp>

#include <optional>
#include <utility>

namespace crier::model {

std::string reader::target() const {
    std::string text = "/events?";
    for (const std::uint32_t topic : seen_.topics) {
        text += (text.ends_with('?') ? "topic=t" : "&topic=t") + std::to_string(topic);
    }
    return text;
}

void reader::note_connection(std::string_view last_event_id) {
    ++town_.connections;
    seen_.remarks.push_back({seen_.events.size(), {}, std::string{last_event_id}});
}

void reader::take(const event& received) {
    const std::optional<event_id> id = parse_event_id(received.id);
    const std::optional<gap> lost = parse_gap(received);
    const std::optional<origin> from = origin_of(received.data);
    if (!id || (received.type != "message" && !lost)) {
        complain("a '" + received.type + "' with the id '" + received.id + "' came");
    } else if (lost) {
        seen_.remarks.push_back({seen_.events.size(), lost, received.id});
        reached_ = *id;
    } else if (!from) {
        complain("nobody has published '" + received.data.substr(0, 100) + "', which came as " +
                 received.id);
    } else {
        seen_.events.push_back({*id, *from});
        reached_ = *id;
    }
}

bool reader::is_at_end() const {
    const event_id end = town_.end_of(home_, seen_.topics);
    return town_.is_over && reached_.epoch == end.epoch && reached_.sequence >= end.sequence;
}

sightings reader::take_all() {
    seen_.end = town_.end_of(home_, seen_.topics);
    return std::move(seen_);
}

} // namespace crier::model
