#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/logger.hpp>
#include <crier/pubsub/manager.hpp>
#include <crier/pubsub/subscription.hpp>

#include <cstddef>
#include <string_view>

namespace crier {

/// One broadcast to many subscribers, without topics.
///
///     crier::broker broker{io.get_executor()};
///     auto subscription = broker.subscribe(16);
///     broker.publish("tick 1");
///     crier::frame next = co_await subscription.receive();
///
/// Thread safety: all members from any thread.
/// Lifetime: destroying it closes it; subscriptions may outlive it. As with a manager, the context
/// must outlive both.
class CRIER_EXPORT broker {
public:
    using executor_type = boost::asio::any_io_executor;

    /// Makes a strand of its own on the executor.
    explicit broker(const executor_type& executor, const logger& log = log_to_clog);

    /// The subscription holds up to `capacity` events; while it is full it misses the newest one,
    /// which is counted. It is read on the broker's strand, or on an executor of its own that runs
    /// one handler at a time.
    ///
    /// Errors: throws `errc::shut_down` once closed, `std::invalid_argument` on a capacity of 0.
    subscription subscribe(std::size_t capacity = 64, const executor_type& executor = {});

    /// Publishes to all subscribers. Returns at once.
    ///
    /// Errors: `errc::shut_down`; those of `encode` where there is a subscriber.
    boost::system::result<event_id> publish(std::string_view text);
    boost::system::result<event_id> publish(const event& whole);

    /// How many subscriptions there are.
    std::size_t size() const;

    /// Closes all subscriptions; what they hold stays readable. Idempotent.
    void close();

    /// The events' counts, as of a manager with one topic.
    event_counts stats() const;

private:
    manager manager_;
};

} // namespace crier
