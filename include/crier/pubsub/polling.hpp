#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/logger.hpp>
#include <crier/pubsub/publish_options.hpp>
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

/// Publishes to the topic that a polling service was started for. It does nothing any more once the
/// service is being stopped.
///
/// Thread safety: any thread.
class CRIER_EXPORT publisher {
public:
    virtual ~publisher() = default;

    /// The manager's strand, on which services are started and stopped.
    virtual boost::asio::any_io_executor get_executor() const = 0;

    virtual void publish(const boost::json::value& data, publish_options options = {}) = 0;
    virtual void publish(const event_view& whole, publish_options options = {}) = 0;

    /// Writes to the manager's log.
    virtual void log(severity level, std::string_view line) = 0;
};

/// A source that runs from a topic's first subscriber to its last.
///
/// The manager calls `start` and `stop` on its strand. It calls `start` again only after `stop` has
/// completed.
class CRIER_EXPORT polling_service {
public:
    virtual ~polling_service() = default;

    /// Starts to publish. The publisher lives until `stop` has completed. Exceptions are logged;
    /// after `std::bad_alloc` it is called again, about every 100 ms until `stop`.
    virtual void start(publisher& to) = 0;

    /// Ends the source; completes when nothing of it runs any more. Idempotent; may be called
    /// before `start`. After `std::bad_alloc` it is called again, about every 100 ms.
    virtual boost::asio::awaitable<void> stop() = 0;

    /// How long the source goes on after the topic's last subscriber has left. A subscriber that
    /// returns meanwhile finds it running. Zero or less: it is stopped at once.
    ///
    /// Thread safety: any thread.
    virtual std::chrono::milliseconds linger() const noexcept { return {}; }
};

/// Thrown by a fetch to say what is published about its failure.
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
    /// From the start of one fetch to the next; zero or less means the default.
    std::chrono::milliseconds interval = std::chrono::seconds{5};
    /// How long a fetch may take. One that takes longer is cancelled, and an error with the status
    /// code 504 is published when it has ended, whatever it gives by then. Zero or less means the
    /// default, `milliseconds::max()` never.
    std::chrono::milliseconds timeout = std::chrono::seconds{30};
    /// How long polling goes on after the topic's last subscriber has left. Zero or less: not at
    /// all; `milliseconds::max()`: for ever.
    std::chrono::milliseconds linger{};
    /// Part of the published errors.
    std::string api_version = "v1";
    /// Called with each value that a fetch returned, after it was published, or was not, as
    /// `only_changes` found it equal to the last. True ends the polling; the streams stay open. The
    /// topic's next first subscriber, after its last has left, begins the polling anew.
    std::function<bool(const boost::json::value&)> stop_condition{};
    /// Runs once at the end of the polling, whatever ended it. Polling that lacked memory ends, and
    /// begins again about 100 ms later.
    std::function<boost::asio::awaitable<void>()> on_stop{};
    /// As `publish_options::only_changes`.
    bool only_changes = false;
    /// As `publish_options::type` and `key`, of all published events, errors too.
    std::string type{};
    std::string key{};
};

/// Makes a service that fetches at once and then every interval, and publishes what it fetched.
/// Fetches run on the manager's strand.
///
/// Fetches never overlap: a slow one delays the next, and missed fetches are skipped. If a fetch
/// throws, `{"apiVersion", "message", "statusCode"}` is published, with `"requestId"` if there is
/// one, and the polling goes on, as it does after a fetch that took longer than the timeout. Such
/// an error is an event like any other: kept, retained, and told apart by its data alone. While a
/// fetch ignores that it is cancelled, the polling stands still; that is logged once. `stop`
/// cancels the running fetch and waits for it; its result is not published.
///
///     auto load = crier::polling(read_load, {.interval = std::chrono::seconds{1}});
///
/// Errors: throws `std::invalid_argument` without a fetch.
/// Cancellation: the fetch is cancelled with `terminal`, by `stop` and by its timeout. A `stop`
/// that has begun cannot be cancelled. Thread safety: `stop` from any coroutine. Called from within
/// the fetch or `on_stop`, it requests the end and does not wait for it.
CRIER_EXPORT std::shared_ptr<polling_service> polling(
    std::function<boost::asio::awaitable<boost::json::value>()> fetch,
    polling_options options = {});

} // namespace crier
