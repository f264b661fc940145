#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/logger.hpp>
#include <crier/pubsub/manager.hpp>
#include <crier/pubsub/subscription.hpp>

#include <cstddef>
#include <string_view>

namespace crier {

/// Sends every event to all its subscribers, without topics.
///
///     crier::broker broker{io.get_executor()};
///     auto subscription = broker.subscribe(16);
///     broker.publish("tick 1");
///     crier::frame next = co_await subscription.async_receive();
///
/// Thread safety: all members from any thread.
/// Lifetime: destroying it closes it. Subscriptions may outlive it. The executor's context must
/// outlive both.
class CRIER_EXPORT broker {
public:
    using executor_type = boost::asio::any_io_executor;

    /// Makes its own strand on the executor.
    explicit broker(const executor_type& executor, const logger& log = log_to_clog);

    /// Subscribes with a queue of `capacity` events. While it is full, new events are dropped and
    /// counted. The subscription is read on the broker's strand, or on the given executor, which
    /// must run one handler at a time.
    ///
    /// Errors: throws `errc::shut_down` once closed, `std::invalid_argument` on a capacity of 0.
    subscription subscribe(std::size_t capacity = 64, const executor_type& executor = {});

    /// Publishes to all subscribers. Returns without waiting for them.
    ///
    /// Errors: `errc::shut_down`; those of `manager::publish` if there is a subscriber.
    boost::system::result<event_id> publish(std::string_view text);
    boost::system::result<event_id> publish(const event& whole);
    boost::system::result<event_id> publish(const event_view& whole);

    /// How many subscriptions there are.
    std::size_t size() const;

    /// Ends the broker: closes all subscriptions, and refuses new ones. What the subscriptions hold
    /// stays readable. Idempotent.
    void close();

    /// Counts of events, as those of a manager with one topic.
    event_counts stats() const;

private:
    manager manager_;
};

} // namespace crier
