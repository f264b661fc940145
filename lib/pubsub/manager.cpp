#include <crier/pubsub/manager.hpp>

#include "core.hpp"

namespace crier {

manager::manager(const executor_type& executor, manager_options options)
    : core_{std::make_shared<detail::core>(executor, std::move(options))} {}

manager::~manager() { shutdown(); }

const manager::executor_type& manager::get_executor() const noexcept {
    return core_->get_executor();
}

boost::system::result<event_id> manager::publish(
    std::string_view topic, std::string_view text, publish_options options) {
    return core_->publish({topic}, event_view{text}, options);
}

boost::system::result<event_id> manager::publish(
    std::string_view topic, const event& whole, publish_options options) {
    return core_->publish({topic}, event_view{whole}, options);
}

boost::system::result<event_id> manager::publish_json(std::string_view topic,
    const std::function<boost::json::value()>& source, publish_options options) {
    return core_->publish({topic}, source, options);
}

subscription manager::subscribe(std::string topic, const subscribe_options& options) {
    std::vector<topic_options> topics(1);
    topics[0].name = std::move(topic);
    return subscribe(std::move(topics), options);
}

subscription manager::subscribe(
    std::vector<topic_options> topics, const subscribe_options& options) {
    return core_->subscribe(std::move(topics), options);
}

void manager::end_streams(std::string_view topic) { core_->end_streams(topic); }

void manager::shutdown() { core_->shutdown(); }

bool manager::is_shut_down() const noexcept { return core_->is_shut_down(); }

manager_stats manager::stats() const { return core_->stats(); }

} // namespace crier
