#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/polling.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace crier {

struct on_demand_options {
    /// Runs when the topic gets its first subscriber, and begins what publishes. It may return at
    /// once or stay; either way the topic is open until its last subscriber has left.
    std::function<boost::asio::awaitable<void>(publisher&)> on_first_subscriber{};
    /// Runs once for each start, after `on_first_subscriber` has ended in whatever way, and ends
    /// what publishes; may be empty.
    std::function<boost::asio::awaitable<void>()> on_last_subscriber{};
    /// How long to wait for another subscriber after the last one has left.
    std::chrono::milliseconds linger{};
};

/// Makes a service for a source that publishes by itself, such as a bus or a device: it is begun
/// for the topic's first subscriber and ended after its last.
///
///     auto prices = crier::on_demand({
///         .on_first_subscriber = [&bus](crier::publisher& to) -> asio::awaitable<void> {
///             bus.subscribe([&to](double price) { to.publish(price); }); // on the bus's thread
///             co_return;
///         },
///         .on_last_subscriber = [&bus]() -> asio::awaitable<void> {
///             bus.unsubscribe(); // returns when no callback runs any more
///             co_return;
///         }});
///
/// Both run as coroutines on the publisher's executor, one after the other. `stop` cancels
/// `on_first_subscriber` where it still runs, waits for its end, and completes after
/// `on_last_subscriber`. What either throws is logged, but for what `on_first_subscriber` throws
/// once it is cancelled. `on_last_subscriber` therefore must cope with a beginning that failed or
/// was broken off. After `stop` the service can be started again.
///
/// Errors: throws `std::invalid_argument` without `on_first_subscriber` or on a negative linger.
/// Cancellation: `on_first_subscriber` is cancelled with `terminal`; `stop`, once begun, and
/// `on_last_subscriber` are not cancellable.
/// Thread safety: the publisher from any thread; `stop` from any coroutine. Called from within
/// either function it asks for the end and does not wait for it.
/// Lifetime: the publisher lives until `on_last_subscriber` has completed. By then nothing may use
/// it any more, calls in progress on other threads included. The executor's context must run until
/// then: destroyed earlier, it takes the publisher with it and leaves the source as it was.
CRIER_EXPORT std::shared_ptr<polling_service> on_demand(on_demand_options options);

} // namespace crier
