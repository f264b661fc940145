#include "ledger.hpp"

namespace crier::model {

void ledger::add(std::uint32_t publisher, const std::vector<note>& notes) {
    notes_[publisher] = &notes;
    event_id newest;
    for (std::uint32_t number = 0; number < notes.size(); ++number) {
        const note& each = notes[number];
        if (each.came != note::outcome::acknowledged) {
            continue;
        }
        if (each.id.epoch == newest.epoch && each.id.sequence <= newest.sequence) {
            complaints_.push_back("after " + to_string(newest) +
                                  " was acknowledged, a later event "
                                  "of publisher " +
                                  std::to_string(publisher) + " got " + to_string(each.id));
        }
        newest = each.id;
        add(each.id, {publisher, number, each.topic});
    }
}

void ledger::add(const sightings& seen) {
    for (const sighting& each : seen.events) {
        if (is_published(each.from)) {
            add(each.id, each.from);
        } else if (denied_.insert({each.from.publisher, each.from.number}).second) {
            complaints_.push_back("event '" + shown(each.from) + "', which came as " +
                                  to_string(each.id) + ", was refused or never published");
        }
    }
}

const ledger::by_sequence& ledger::of(std::uint64_t epoch) const {
    static const by_sequence none;
    const auto known = events_.find(epoch);
    return known == events_.end() ? none : known->second;
}

void ledger::add(event_id at, const origin& from) {
    const auto [id, is_new] = ids_.try_emplace({from.publisher, from.number}, at);
    if (id->second != at) {
        complaints_.push_back("event '" + shown(from) + "' has two ids: " + to_string(id->second) +
                              " and " + to_string(at));
        return;
    }
    if (!is_new) {
        return;
    }
    const auto [place, is_free] = events_[at.epoch].try_emplace(at.sequence, from);
    if (!is_free) {
        complaints_.push_back("the id " + to_string(at) + " was given twice: to '" +
                              shown(place->second) + "' and '" + shown(from) + "'");
    }
}

bool ledger::is_published(const origin& from) const {
    const auto by = notes_.find(from.publisher);
    return by != notes_.end() && from.number < by->second->size() &&
           (*by->second)[from.number].topic == from.topic &&
           (*by->second)[from.number].came != note::outcome::refused;
}

} // namespace crier::model
