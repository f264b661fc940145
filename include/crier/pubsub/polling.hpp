#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/logger.hpp>
#include <crier/wire/event.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace crier {

struct publish_options {
    /// Event type; empty means "message".
    std::string_view type{};
    /// A value equal to the topic's last one goes only to those who have received nothing yet.
    /// JSON is compared without regard to the order of keys.
    bool only_changes = false;
    /// What the event is about: a newer one of the same key supersedes it, where that is the policy
    /// for slow subscribers or for what a topic retains.
    std::string_view key{};
};

/// Where a polling service publishes to: the topic that it was started for. Once that topic has
/// lost its last subscriber, publishing does nothing.
///
/// Thread safety: any thread.
class CRIER_EXPORT publisher {
public:
    virtual ~publisher() = default;

    /// The strand on which services are started and stopped.
    virtual boost::asio::any_io_executor get_executor() const = 0;

    virtual void publish(const boost::json::value& data, publish_options options = {}) = 0;
    virtual void publish(const event& whole, publish_options options = {}) = 0;

    /// Writes into the manager's log.
    virtual void log(severity level, std::string_view line) = 0;
};

/// A source that runs from a topic's first subscriber to its last.
///
/// The manager calls `start` and `stop` on its strand, `start` exactly once for each life of a
/// topic. An object whose `stop` has not completed is started again only after it has.
class CRIER_EXPORT polling_service {
public:
    virtual ~polling_service() = default;

    /// Begins to publish. The publisher lives until `stop` has completed. What it throws is logged.
    virtual void start(publisher& to) = 0;

    /// Completes when nothing runs any more. Idempotent; fine before `start`.
    virtual boost::asio::awaitable<void> stop() = 0;

    /// How long it is to go on after the topic's last subscriber has left, so that one who returns
    /// meanwhile finds it running.
    ///
    /// Thread safety: any thread.
    virtual std::chrono::milliseconds linger() const noexcept { return {}; }
};

/// Thrown by a fetch to say how its failure is published.
class CRIER_EXPORT fetch_error : public std::runtime_error {
public:
    explicit fetch_error(
        int status, const std::string& message, std::optional<std::string> request_id = {})
        : std::runtime_error{message}, status_{status}, request_id_{std::move(request_id)} {}

    int status() const noexcept { return status_; }
    const std::optional<std::string>& request_id() const noexcept { return request_id_; }

private:
    int status_;
    std::optional<std::string> request_id_;
};

struct polling_options {
    /// From the start of one fetch to the next; zero means the default.
    std::chrono::milliseconds interval = std::chrono::seconds{5};
    /// How long to keep polling after the topic's last subscriber has left.
    std::chrono::milliseconds linger{};
    /// Stands in the published errors.
    std::string api_version = "v1";
    /// Asked after each published fetch; true ends the polling, while the streams stay open.
    std::function<bool(const boost::json::value&)> stop_condition{};
    /// Runs once at the end of each run, whatever ended it.
    std::function<boost::asio::awaitable<void>()> on_stop{};
    /// A value equal to the last one is not sent again.
    bool only_changes = false;
    /// Type of the published events; empty means "message".
    std::string type{};
};

/// Makes a service that fetches at once and then every interval, and publishes what it fetched.
///
/// A slow fetch delays the next one; fetches never overlap and are never made up for. A fetch that
/// throws publishes `{"apiVersion", "message", "statusCode"}`, with `"requestId"` where there is
/// one, and the polling goes on. `stop` cancels the running fetch, waits for it, and lets it
/// publish nothing.
///
///     auto load = crier::polling(read_load, {.interval = std::chrono::seconds{1}});
///
/// Errors: throws `std::invalid_argument` on a negative interval or linger, or without a fetch.
/// Cancellation: the fetch is cancelled with `terminal`; `stop`, once begun, is not cancellable.
/// Thread safety: `stop` from any coroutine. Called from within the fetch or `on_stop` it asks for
/// the end and does not wait for it.
CRIER_EXPORT std::shared_ptr<polling_service> polling(
    std::function<boost::asio::awaitable<boost::json::value>()> fetch,
    polling_options options = {});

} // namespace crier
