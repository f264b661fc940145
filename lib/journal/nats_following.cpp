#include "nats_following.hpp"

#include <algorithm>

namespace crier::detail {

void nats_following::start(std::string_view topic) {
    topics_.insert_or_assign(std::string{topic}, topic_place{});
}

void nats_following::begin(std::string_view topic, std::uint64_t through, time_point now) {
    const auto found = topics_.find(topic);
    if (found == topics_.end() || found->second.is != state::starting) {
        return;
    }
    held_.push_back({found->first, through > newest_ ? now + held_for : now});
    found->second = {state::held, through};
}

void nats_following::stop(std::string_view topic) {
    const auto found = topics_.find(topic);
    if (found != topics_.end()) {
        topics_.erase(found);
    }
}

nats_following::verdict nats_following::take(std::string_view topic, const nats_numbers& arrived) {
    const auto found = topics_.find(topic);
    if (found == topics_.end() || arrived.sequence == 0) {
        return {};
    }
    topic_place& place = found->second;
    if (place.is == state::starting) {
        place = {state::held, arrived.sequence - 1};
    }
    if (arrived.sequence <= place.through) {
        return {};
    }
    verdict result{arrived.last <= place.through ? fate::tell : fate::fill};
    if (place.is == state::held) {
        result.followed = place.through;
    }
    return result;
}

void nats_following::note(std::string_view topic, std::uint64_t through) {
    newest_ = std::max(newest_, through);
    const auto found = topics_.find(topic);
    if (found != topics_.end()) {
        found->second.through = std::max(found->second.through, through);
    }
}

std::optional<nats_place> nats_following::next_followed(time_point now) {
    while (!held_.empty()) {
        const auto found = topics_.find(held_.front().topic);
        if (found != topics_.end() && found->second.is == state::held) {
            if (now < held_.front().until && newest_ < found->second.through) {
                return std::nullopt;
            }
            return nats_place{found->first, found->second.through};
        }
        held_.pop_front();
    }
    return std::nullopt;
}

void nats_following::note_followed(std::string_view topic) noexcept {
    const auto found = topics_.find(topic);
    if (found != topics_.end() && found->second.is == state::held) {
        found->second.is = state::followed;
    }
}

std::optional<nats_following::time_point> nats_following::held_until() const {
    return held_.empty() ? std::nullopt : std::optional{held_.front().until};
}

std::optional<std::uint64_t> nats_following::through(std::string_view topic) const {
    const auto found = topics_.find(topic);
    return found == topics_.end() || found->second.is != state::followed
             ? std::nullopt
             : std::optional{found->second.through};
}

std::vector<nats_place> nats_following::all() const {
    std::vector<nats_place> result;
    for (const auto& [topic, place] : topics_) {
        if (place.is == state::followed) {
            result.push_back({topic, place.through});
        }
    }
    return result;
}

} // namespace crier::detail
