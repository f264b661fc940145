#include "options.hpp"

#include "async/durations.hpp"

#include <stdexcept>

namespace crier::detail {

void check(const queue_limits& limits) {
    if (limits.events == 0 || limits.bytes == 0) {
        throw std::invalid_argument{"a queue's limit is 0; at least one event must have room"};
    }
}

history_limits in_range(history_limits limits) noexcept {
    limits.age = in_range(limits.age, history_limits{}.age);
    return limits;
}

manager_options in_range(manager_options options) {
    check(options.queue);
    for (topic_rule& rule : options.rules) {
        if (!rule.matches) {
            throw std::invalid_argument{"a rule has no function that matches"};
        }
        check(rule.queue.value_or(options.queue));
        rule.history = in_range(rule.history);
    }
    if (options.topics_limit == 0 || options.keys_limit == 0 || options.memory_limit == 0 ||
        options.name_bytes == 0 || options.key_bytes == 0) {
        throw std::invalid_argument{
            "topics_limit, keys_limit, memory_limit, name_bytes or key_bytes is 0"};
    }
    options.heartbeat_interval =
        in_range(options.heartbeat_interval, manager_options{}.heartbeat_interval);
    options.closed_for = in_range(options.closed_for, std::chrono::milliseconds{0});
    if (!options.log) {
        options.log = log_to_clog;
    }
    return options;
}

} // namespace crier::detail
