#include <crier/pubsub/manager.hpp>

#include "channel.hpp"
#include "manager_state.hpp"
#include "orderly_end.hpp"
#include "supersede_key.hpp"

namespace crier {

boost::asio::any_io_executor detail::begin_publish::get_executor() const noexcept {
    return by->get_executor();
}

void detail::begin_publish::publish(std::string_view topic, const event_view& whole,
    const publish_options& options, const std::shared_ptr<pending_wait<event_id>>& wait) const {
    by->publish({.topic = topic, .whole = &whole, .options = options}, wait);
}

manager::manager(const executor_type& executor, manager_options options)
    : state_{detail::manager_state::make(executor, std::move(options))} {}

manager::~manager() {
    shutdown();
    state_->end_journaling();
}

const manager::executor_type& manager::get_executor() const noexcept {
    return state_->get_executor();
}

boost::system::result<event_id> manager::publish(
    std::string_view topic, std::string_view text, publish_options options) {
    return publish(topic, event_view{text}, options);
}

boost::system::result<event_id> manager::publish(
    std::string_view topic, const event& whole, publish_options options) {
    return publish(topic, event_view{whole}, options);
}

boost::system::result<event_id> manager::publish(
    std::string_view topic, const event_view& whole, publish_options options) {
    return state_->publish({.topic = topic, .whole = &whole, .options = options});
}

boost::system::result<event_id> manager::publish_json(std::string_view topic,
    const std::function<boost::json::value()>& source, publish_options options) {
    return state_->publish({.topic = topic, .json = &source, .options = options});
}

subscription manager::subscribe(std::string topic, const subscribe_options& options) {
    std::vector<topic_options> topics(1);
    topics[0].name = std::move(topic);
    return subscribe(std::move(topics), options);
}

subscription manager::subscribe(
    std::vector<topic_options> topics, const subscribe_options& options) {
    auto made =
        std::make_shared<detail::subscription_state>(state_, state_->shard_of(options.executor));
    state_->subscribe(made->get_shard(), made->get(), std::move(topics), options);
    if (made->get().is_behind) {
        made->get().ready.set();
    }
    return subscription{std::move(made)};
}

void manager::end_streams(std::string_view topic) { state_->end_streams(topic); }

void manager::close_topic(std::string_view topic) { state_->close_topic(topic); }

void manager::forget(std::string_view topic) { state_->forget_kept(topic, std::nullopt); }

void manager::forget(std::string_view topic, std::string_view key) {
    state_->forget_kept(topic, detail::supersede_key(key, {}));
}

void manager::shutdown() noexcept { state_->shutdown(); }

boost::asio::awaitable<void> manager::async_shutdown(std::chrono::milliseconds deadline) {
    return detail::end_orderly(state_, deadline);
}

bool manager::is_shut_down() const noexcept { return state_->is_shut_down(); }

manager_stats manager::stats() const { return state_->stats(); }

} // namespace crier
