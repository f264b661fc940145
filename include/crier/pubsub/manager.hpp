#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/event_id.hpp>
#include <crier/pubsub/logger.hpp>
#include <crier/pubsub/polling.hpp>
#include <crier/pubsub/stats.hpp>
#include <crier/pubsub/subscription.hpp>
#include <crier/pubsub/topic_policy.hpp>
#include <crier/wire/encoder.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/value_from.hpp>
#include <boost/system/result.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crier {

namespace detail {
class manager_state;
struct manager_access;
} // namespace detail

struct manager_options {
    /// How long a stream may be silent before a heartbeat; zero or less: the default.
    std::chrono::milliseconds heartbeat_interval = std::chrono::seconds{30};
    /// The heartbeat's comment, and what follows it.
    std::string heartbeat_text{};
    comment_end heartbeat_end = comment_end::blank_line;
    /// Whether events that were published without an id of their own get one, by which a client
    /// resumes. Without ids nothing is told of gaps either, and nobody resumes.
    bool ids = true;
    /// What may wait for a slow subscriber, and what happens past it.
    queue_limits queue{};
    /// What topics keep; for each the first rule that matches its name.
    std::vector<topic_rule> rules{};
    /// The type of a topic's events that are published without one; none: "message". Called as a
    /// rule is.
    std::function<std::string(std::string_view topic)> type_of{};
    /// Bytes for all events, keys and topics together, those of the histories too, each counted
    /// once however many wait for it, with what is allocated to keep them. Past it the histories
    /// go, of the topic that was used least recently first, then the subscribers that are the
    /// furthest behind miss events, by their policies. Usage may exceed the limit by 1/16 while
    /// room is made; an event that does not fit even then is dropped for everyone and told as a
    /// gap.
    std::size_t memory_limit = std::size_t{256} * 1024 * 1024;
    /// How many topics a subscription may have.
    std::size_t topics_limit = 64;
    /// How many keys a topic that retains the newest event of each may have.
    std::size_t keys_limit = 10'000;
    /// Bytes that a topic's name, and an event's key, may have.
    std::size_t name_bytes = 1024;
    std::size_t key_bytes = 1024;
    /// Told of subscribers that miss events, of starts and stops of polling, and of what was
    /// thrown by user code.
    logger log = log_to_clog;
};

/// A topic to subscribe to.
struct topic_options {
    std::string name;
    /// Started with the topic's first subscriber, stopped after its last; passed over where the
    /// topic exists already.
    std::shared_ptr<polling_service> polling{};
    /// All that is published to the topic is sent as with `publish_options::only_changes`. As with
    /// `polling`, the first subscriber's choice holds.
    bool only_changes = false;
    /// As in a `topic_rule`, and in place of what the rule says, but only if the topic begins here.
    history_limits history{};
    retention retain = retention::none;
    std::optional<queue_limits> queue{};
};

struct subscribe_options {
    /// Where the subscription is read: an executor that runs one handler at a time; none means the
    /// manager's strand.
    boost::asio::any_io_executor executor{};
    /// What may wait; none: what the first of its topics says that says something, or the manager.
    std::optional<queue_limits> queue{};
    /// The id of the last event that was received: what came later is read back first, or a gap is
    /// told. Empty: from now on, after what the topics retain.
    std::string last_event_id{};
};

/// All topics, their subscribers and polling services: publish from any thread, and every
/// subscriber gets the event in the one order of the manager.
///
///     crier::manager manager{io.get_executor()};
///     manager.publish("prices", std::map<std::string, double>{{"ABC", 12.5}});
///
/// Order: the same for all subscribers, over all topics.
/// Thread safety: all members from any thread.
/// Lifetime: destroying it shuts it down; sessions and subscriptions may outlive it. The executor's
/// context must outlive the manager and every subscription held outside of the context's handlers.
class CRIER_EXPORT manager {
public:
    using executor_type = boost::asio::any_io_executor;

    /// Makes a strand of its own on the executor.
    /// Errors: throws `std::invalid_argument` on limits of 0, a rule that matches nothing for lack
    /// of a function, or a heartbeat text that is not UTF-8.
    explicit manager(const executor_type& executor, manager_options options = {});
    manager(const manager&) = delete;
    manager& operator=(const manager&) = delete;
    ~manager();

    /// The manager's strand.
    const executor_type& get_executor() const noexcept;

    /// Publishes text as it is. Returns at once; the cost does not grow with the number of
    /// subscribers, and without any it is a lookup.
    ///
    /// Errors: `errc::shut_down`, `invalid_topic`; where there is a subscriber or a history also
    /// `invalid_key`, `reserved_type`, `reserved_id` and those of `encode`, each logged once for a
    /// topic. Throws `std::bad_alloc`, and then nothing is published.
    boost::system::result<event_id> publish(
        std::string_view topic, std::string_view text, publish_options options = {});

    /// Publishes an event with all its fields; its type is used unless the options name another.
    boost::system::result<event_id> publish(
        std::string_view topic, const event& whole, publish_options options = {});
    boost::system::result<event_id> publish(
        std::string_view topic, const event_view& whole, publish_options options = {});

    /// Publishes as JSON whatever `boost::json::value_from` takes. Nothing is converted while
    /// nobody is subscribed.
    template <class T>
        requires(!std::convertible_to<const T&, std::string_view> &&
                 boost::json::has_value_from<T>::value)
    boost::system::result<event_id> publish(
        std::string_view topic, const T& value, publish_options options = {}) {
        return publish_json(topic, [&value] { return boost::json::value_from(value); }, options);
    }

    /// Subscribes to topics: from here on each event published to one of them is seen.
    ///
    /// Errors: throws `errc::shut_down`; `std::invalid_argument` without a topic, with one twice,
    /// with too many, with a name that is too long, or on limits of 0.
    subscription subscribe(std::string topic, const subscribe_options& options = {});
    subscription subscribe(
        std::vector<topic_options> topics, const subscribe_options& options = {});

    /// Ends the streams of a topic properly; their clients come back. What was published before is
    /// sent first.
    void end_streams(std::string_view topic);

    /// Ends all streams properly, stops all polling, and refuses what comes later. Idempotent.
    void shutdown() noexcept;

    bool is_shut_down() const noexcept;

    manager_stats stats() const;

private:
    friend struct detail::manager_access;

    boost::system::result<event_id> publish_json(std::string_view topic,
        const std::function<boost::json::value()>& source, publish_options options);

    std::shared_ptr<detail::manager_state> state_;
};

} // namespace crier
