#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/polling.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace crier {

struct on_demand_options {
    /// Runs when the topic gets its first subscriber, and starts the source. It may return at once
    /// or keep running; either way the topic stays open until its last subscriber leaves.
    std::function<boost::asio::awaitable<void>(publisher&)> on_first_subscriber{};
    /// Runs once after each `on_first_subscriber`, however that ended, and stops the source. May be
    /// empty.
    std::function<boost::asio::awaitable<void>()> on_last_subscriber{};
    /// How long the source goes on after the topic's last subscriber has left. Zero or less: not at
    /// all; `milliseconds::max()`: for ever.
    std::chrono::milliseconds linger{};
};

/// Makes a service for a source that publishes by itself, such as a bus or a device. The source is
/// started for the topic's first subscriber and stopped after its last.
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
/// Both functions run as coroutines on the publisher's executor, one after the other. `stop`
/// cancels `on_first_subscriber` if it still runs, waits for it, runs `on_last_subscriber`, and
/// completes after that. Exceptions of both are logged, except those of a cancelled
/// `on_first_subscriber`. `on_last_subscriber` must therefore cope with a start that failed or was
/// cancelled. If `on_first_subscriber` lacks memory (`std::bad_alloc`), `on_last_subscriber` runs,
/// and about 100 ms later both begin anew. After `stop` the service can be started again.
///
/// Errors: throws `std::invalid_argument` without `on_first_subscriber`.
/// Cancellation: `on_first_subscriber` is cancelled with `terminal`. `on_last_subscriber` and a
/// `stop` that has begun cannot be cancelled.
/// Thread safety: the publisher from any thread; `stop` from any coroutine. Called from within
/// either function, `stop` requests the end and does not wait for it.
/// Lifetime: the publisher lives until `on_last_subscriber` has completed. No thread may use it any
/// more by then. The executor's context must run until then. If it is destroyed earlier, the
/// publisher is destroyed with it, and the source is not stopped.
CRIER_EXPORT std::shared_ptr<polling_service> on_demand(on_demand_options options);

} // namespace crier
