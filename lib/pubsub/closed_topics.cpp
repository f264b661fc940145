#include "closed_topics.hpp"

namespace crier::detail {

void closed_topics::note(std::string_view name, clock::time_point now) {
    while (!order_.empty() && order_.front().over <= now) {
        names_.erase(order_.front().name);
        order_.pop_front();
    }
    const auto known = names_.find(name);
    if (known != names_.end()) {
        known->second->over = now + time_;
        order_.splice(order_.end(), order_, known->second);
    } else if (time_.count() > 0) {
        closings made{order_.get_allocator()};
        made.push_back({now + time_, std::string{name}});
        names_.emplace(made.front().name, made.begin());
        order_.splice(order_.end(), made);
    }
}

bool closed_topics::has(std::string_view name, clock::time_point now) const noexcept {
    const auto known = names_.find(name);
    return known != names_.end() && known->second->over > now;
}

void closed_topics::remove(std::string_view name) noexcept {
    const auto known = names_.find(name);
    if (known != names_.end()) {
        const auto place = known->second;
        names_.erase(known);
        order_.erase(place);
    }
}

} // namespace crier::detail
