#include "nats_audit.hpp"

#include <utility>

namespace crier::detail {

void nats_audit::add(std::string_view topic, time_point now) {
    topics_.emplace(topic);
    added_.push_back({std::string{topic}, now + after_follow});
}

void nats_audit::remove(std::string_view topic) {
    if (const auto found = topics_.find(topic); found != topics_.end()) {
        topics_.erase(found);
    }
    if (const auto found = suspects_.find(topic); found != suspects_.end()) {
        suspects_.erase(found);
    }
}

void nats_audit::suspect(std::string_view topic) {
    if (topics_.contains(topic)) {
        suspects_.emplace(topic);
    }
}

std::vector<std::string> nats_audit::next(std::size_t most, std::uint64_t newest, time_point now) {
    std::vector<std::string> result;
    while (result.size() < most && !suspects_.empty()) {
        result.push_back(std::move(suspects_.extract(suspects_.begin()).value()));
    }
    while (result.size() < most && !added_.empty() && added_.front().at <= now) {
        if (topics_.contains(added_.front().topic)) {
            result.push_back(std::move(added_.front().topic));
        }
        added_.pop_front();
    }
    go_round(result, most, newest);
    return result;
}

/// A round in which numbers are given may miss those of its first topics: so another one follows.
void nats_audit::go_round(std::vector<std::string>& to, std::size_t most, std::uint64_t newest) {
    if (!is_in_round_ && newest != round_newest_) {
        is_in_round_ = true;
        round_newest_ = newest;
        last_.clear();
        if (!topics_.empty() && topics_.begin()->empty() && to.size() < most) {
            to.emplace_back();
        }
    }
    auto next = topics_.upper_bound(last_);
    while (is_in_round_ && to.size() < most) {
        if (next == topics_.end()) {
            is_in_round_ = false;
            return;
        }
        last_ = *next++;
        to.push_back(last_);
    }
}

void nats_audit::note_hole(std::string_view topic, std::uint64_t newest, time_point now) {
    holes_.push_back({{std::string{topic}, newest}, now + grace});
}

std::optional<nats_place> nats_audit::next_hole(time_point now) {
    if (holes_.empty() || now < holes_.front().at) {
        return std::nullopt;
    }
    nats_place place = std::move(holes_.front().place);
    holes_.pop_front();
    return place;
}

} // namespace crier::detail
