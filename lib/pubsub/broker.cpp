#include <crier/pubsub/broker.hpp>

#include <limits>
#include <stdexcept>

namespace crier {
namespace {

/// The manager's only topic.
constexpr const char* broadcast = "broadcast";

manager_options options_with(const logger& log) {
    manager_options options;
    options.ids = false;
    options.log = log;
    return options;
}

} // namespace

broker::broker(const executor_type& executor, const logger& log)
    : manager_{executor, options_with(log)} {}

subscription broker::subscribe(std::size_t capacity, const executor_type& executor) {
    if (capacity == 0) {
        throw std::invalid_argument{"capacity is 0; at least one event must have room"};
    }
    subscribe_options options;
    options.executor = executor;
    options.queue = queue_limits{};
    options.queue->events = capacity;
    options.queue->bytes = std::numeric_limits<std::size_t>::max();
    return manager_.subscribe(broadcast, options);
}

boost::system::result<event_id> broker::publish(std::string_view text) {
    return manager_.publish(broadcast, text);
}

boost::system::result<event_id> broker::publish(const event& whole) {
    return manager_.publish(broadcast, whole);
}

boost::system::result<event_id> broker::publish(const event_view& whole) {
    return manager_.publish(broadcast, whole);
}

std::size_t broker::size() const { return manager_.stats().subscribers; }

void broker::close() { manager_.shutdown(); }

event_counts broker::stats() const {
    const manager_stats all = manager_.stats();
    return static_cast<const event_counts&>(all);
}

} // namespace crier
