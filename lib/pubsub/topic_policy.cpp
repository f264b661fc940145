#include <crier/pubsub/topic_policy.hpp>

namespace crier {

std::function<bool(std::string_view topic)> exactly(std::string name) {
    return [name = std::move(name)](std::string_view topic) { return topic == name; };
}

std::function<bool(std::string_view topic)> starting_with(std::string prefix) {
    return
        [prefix = std::move(prefix)](std::string_view topic) { return topic.starts_with(prefix); };
}

} // namespace crier
