#include <crier/pubsub/topic_policy.hpp>

namespace crier {

std::string_view to_string(retention retained) noexcept {
    switch (retained) {
    case retention::none: return "none";
    case retention::newest: return "newest";
    case retention::newest_per_key: return "newest_per_key";
    }
    return "unknown";
}

std::string_view to_string(overflow_policy policy) noexcept {
    switch (policy) {
    case overflow_policy::drop_newest: return "drop_newest";
    case overflow_policy::drop_oldest: return "drop_oldest";
    case overflow_policy::conflate: return "conflate";
    case overflow_policy::conflate_always: return "conflate_always";
    case overflow_policy::signal: return "signal";
    case overflow_policy::disconnect: return "disconnect";
    }
    return "unknown";
}

std::function<bool(std::string_view topic)> exactly(std::string name) {
    return [name = std::move(name)](std::string_view topic) { return topic == name; };
}

std::function<bool(std::string_view topic)> starting_with(std::string prefix) {
    return
        [prefix = std::move(prefix)](std::string_view topic) { return topic.starts_with(prefix); };
}

} // namespace crier
