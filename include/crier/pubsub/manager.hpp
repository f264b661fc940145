#pragma once

#include <crier/async/detail/pending_wait.hpp>
#include <crier/export.hpp>
#include <crier/pubsub/event_id.hpp>
#include <crier/pubsub/journal.hpp>
#include <crier/pubsub/logger.hpp>
#include <crier/pubsub/polling.hpp>
#include <crier/pubsub/publish_options.hpp>
#include <crier/pubsub/stats.hpp>
#include <crier/pubsub/subscription.hpp>
#include <crier/pubsub/topic_policy.hpp>
#include <crier/wire/encoder.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
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

/// What `async_publish` hands to its completion token.
struct CRIER_EXPORT begin_publish {
    using executor_type = boost::asio::any_io_executor;

    std::shared_ptr<manager_state> by;

    executor_type get_executor() const noexcept;

    template <class Handler>
    void operator()(Handler handler, std::string_view topic, const event_view& whole,
        const publish_options& options) const {
        const auto wait = std::make_shared<pending_wait<event_id>>();
        wait->start(std::move(handler), get_executor(), [] {});
        publish(topic, whole, options, wait);
    }

    void publish(std::string_view topic, const event_view& whole, const publish_options& options,
        const std::shared_ptr<pending_wait<event_id>>& wait) const;
};
} // namespace detail

/// As with all options, designated initialisers stand in the order of the members.
struct manager_options {
    /// How long a stream is silent before a heartbeat is sent. A client that takes nothing for as
    /// long is disconnected. Zero or less means the default, `milliseconds::max()` or more than 49
    /// days never.
    std::chrono::milliseconds heartbeat_interval = std::chrono::seconds{30};
    /// The heartbeat's comment, and what follows it.
    std::string heartbeat_text{};
    comment_end heartbeat_end = comment_end::blank_line;
    /// Whether heartbeats are events of the type "crier.heartbeat", without an id, whose data is
    /// the text. A page sees no comments: only by events can it tell a quiet server from a
    /// connection that is dead.
    bool heartbeat_events = false;
    /// Whether the manager gives an id to each event that has none. Without ids, clients cannot
    /// resume, and gaps are not reported, only counted.
    bool ids = true;
    /// How much may wait for a slow subscriber, and what happens when the queue is full.
    queue_limits queue{};
    /// What topics keep. The first rule that matches a topic's name applies. Rules are made before
    /// their manager: a source that publishes to it takes a pointer that is set afterwards.
    std::vector<topic_rule> rules{};
    /// Gives the type of a topic's events that are published without one. None: "message". Called
    /// as `topic_rule::matches` is.
    std::function<std::string(std::string_view topic)> type_of{};
    /// Bytes for all events, keys and topics, histories and bookkeeping included. An event counts
    /// once, however many subscribers it waits for. At the limit, the histories of the least
    /// recently used topics go first. Then the subscribers that are furthest behind miss events,
    /// by their policies. Usage may exceed the limit by 1/16 while room is made; an event that does
    /// not fit even then is dropped for everyone and told as a gap. Where a topic that is seldom
    /// used must keep its history, let the `history_limits` of the others leave room for it.
    std::size_t memory_limit = std::size_t{256} * 1024 * 1024;
    /// Where events are kept beyond memory; none: nowhere. All topics that keep something are in
    /// it, by the rules' limits. Then events are delivered once they are in the journal, and topics
    /// resume after a restart. A manager that is made waits for `journal::begin`, and throws its
    /// error. One that is destroyed waits a second at most for what was published.
    std::shared_ptr<crier::journal> journal{};
    /// How much may wait for the journal; it counts in `memory_limit` too. What is more,
    /// `publish` refuses.
    outbox_limits outbox{};
    /// How long `close_topic` keeps clients from coming back. Zero or less: not at all;
    /// `milliseconds::max()`: until the topic is published to. A name is kept for as long.
    std::chrono::milliseconds closed_for = std::chrono::seconds{60};
    /// How many topics a subscription may have.
    std::size_t topics_limit = 64;
    /// How many keys a topic that retains the newest event of each may have. With one more, the
    /// key whose event is the oldest is forgotten.
    std::size_t keys_limit = 10'000;
    /// How many bytes a topic's name and an event's key may have.
    std::size_t name_bytes = 1024;
    std::size_t key_bytes = 1024;
    /// Told of subscribers that miss events, refused events, starts and stops of polling, and
    /// exceptions of user code. Empty: `log_to_clog`.
    logger log = log_to_clog;
};

/// A topic to subscribe to.
struct topic_options {
    std::string name;
    /// Started for the topic's first subscriber and stopped after its last. Ignored if the topic
    /// has subscribers or a polling service already.
    std::shared_ptr<polling_service> polling{};
    /// Applies `publish_options::only_changes` to all events of the topic. Ignored if the topic
    /// exists already.
    bool only_changes = false;
    /// As in a `topic_rule`, and instead of it where they are not the defaults: with no events,
    /// with `none` and without limits, the rule's apply. Ignored if the topic exists already.
    history_limits history{};
    retention retain = retention::none;
    std::optional<queue_limits> queue{};
};

struct subscribe_options {
    /// Where the subscription is read: an executor that runs one handler at a time. None: the
    /// manager's strand.
    boost::asio::any_io_executor executor{};
    /// How much may wait, and what happens then, to all events alike. None: in all as much as the
    /// largest limits of its topics, and each event obeys the policy of its own topic, after
    /// waiting events of topics that conflate or drop the oldest have made room. The manager's
    /// `queue` speaks for topics without one.
    std::optional<queue_limits> queue{};
    /// The id of the last event that was received. Later events are read back first; a gap reports
    /// those that are not kept. Empty: what the topics retain, then new events. Reading back holds
    /// the manager's lock for at most 512 events or about 1 MB at a time.
    std::string last_event_id{};
};

/// All topics, their subscribers and their polling services. Any thread publishes, and every
/// subscriber gets the events of its topics in the manager's order.
///
///     crier::manager manager{io.get_executor()};
///     manager.publish("prices", std::map<std::string, double>{{"ABC", 12.5}});
///
/// Order: the same for all subscribers, over all topics.
/// Thread safety: all members from any thread.
/// Lifetime: destroying it shuts it down. Sessions and subscriptions may outlive it. The executor's
/// context must outlive the manager, and every subscription that is not owned by the context's own
/// handlers. If sessions run on several contexts, destroy the manager's last.
class CRIER_EXPORT manager {
public:
    using executor_type = boost::asio::any_io_executor;

    /// Makes its own strand on the executor.
    /// Errors: throws `std::invalid_argument` on limits of 0, a rule without `matches`, or a
    /// heartbeat text that is not UTF-8.
    explicit manager(const executor_type& executor, manager_options options = {});
    manager(const manager&) = delete;
    manager& operator=(const manager&) = delete;
    ~manager();

    /// The manager's strand.
    const executor_type& get_executor() const noexcept;

    /// Publishes text as it is. Returns the event's id without waiting for any subscriber. The cost
    /// does not grow with the number of subscribers; without a subscriber or a history nothing is
    /// encoded. The manager's lock is taken twice, before and after the event is encoded, and again
    /// if the topic has changed in between. Each executor with subscribers of the topic adds one
    /// short lock, and one post if none is pending.
    ///
    /// Errors: `errc::shut_down`, `errc::invalid_topic` for a name that is too long,
    /// `errc::journal_full` if too much waits for the journal. If there is a
    /// subscriber or a history also `invalid_key`, `reserved_type`, `reserved_id` and those of
    /// `encode`. All but `shut_down` are counted in `manager_stats::refused` and logged once per
    /// topic and reason, where topics that do not exist yet count as one. Throws `std::bad_alloc`,
    /// and what functions of the options throw; then nothing is published.
    boost::system::result<event_id> publish(
        std::string_view topic, std::string_view text, publish_options options = {});

    /// Publishes an event with all its fields. `publish_options::type` overrides its type.
    boost::system::result<event_id> publish(
        std::string_view topic, const event& whole, publish_options options = {});
    boost::system::result<event_id> publish(
        std::string_view topic, const event_view& whole, publish_options options = {});

    /// Publishes an event, and completes once the journal has it as safe as it makes events, or
    /// with why it has not. What was acknowledged is not lost, what was refused never appears.
    /// Without a journal it completes as `publish` returns. The texts are views, which are used
    /// until the operation has begun.
    ///
    ///     const crier::event_id id = co_await events.async_publish("orders", crier::event{
    ///         .data = order}, {}, boost::asio::use_awaitable);
    ///
    /// Signature: `void(error_code, event_id)`, on the handler's associated executor, else on the
    /// manager's strand.
    /// Errors: those of `publish`, and those of the journal. At a shutdown that could wait no
    /// longer `errc::journal_unavailable` or, of a journal that nodes share,
    /// `errc::journal_unanswered`: then it is not known whether the event appears. Cancellation:
    /// none; an event that has begun its way goes on.
    template <class Token>
    auto async_publish(
        std::string_view topic, const event_view& whole, publish_options options, Token&& token) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, event_id)>(
            detail::begin_publish{state_}, token, topic, whole, options);
    }

    /// Publishes any value that `boost::json::value_from` takes, as JSON. NaN and infinity become
    /// `null`. Nothing is converted without a subscriber or a history.
    template <class T>
        requires(!std::convertible_to<const T&, std::string_view> &&
                 boost::json::has_value_from<T>::value)
    boost::system::result<event_id> publish(
        std::string_view topic, const T& value, publish_options options = {}) {
        return publish_json(topic, [&value] { return boost::json::value_from(value); }, options);
    }

    /// Subscribes to topics. The subscription sees each event published to one of them from here
    /// on.
    ///
    /// Errors: throws `errc::shut_down`; `errc::topic_closed` if all its topics were closed, see
    /// `close_topic`; `std::invalid_argument` without topics, with the same
    /// topic twice, with too many topics, with a name that is too long, or on limits of 0.
    subscription subscribe(std::string topic, const subscribe_options& options = {});
    subscription subscribe(
        std::vector<topic_options> topics, const subscribe_options& options = {});

    /// Ends the streams of a topic, after they were sent what was published before. Their clients
    /// reconnect. Subscriptions are closed in the same way.
    void end_streams(std::string_view topic);

    /// Ends a topic, such as a room whose game is over: ends its streams as `end_streams` does,
    /// stops its polling, and forgets all that it keeps. For `manager_options::closed_for`,
    /// requests for it are answered with 204, at which browsers and crier's client do not come
    /// back; `subscribe` throws `errc::topic_closed`. A stream of other topics, too, ends as well,
    /// but its client reconnects and gets a stream. The next event that is published to it, from
    /// whatever thread, begins the topic anew, as empty as any; a client that comes back with an id
    /// from before is told of a gap.
    ///
    /// Errors: throws `std::bad_alloc`; then it is to be called again.
    void close_topic(std::string_view topic);

    /// Forgets what a topic keeps: its history, the events that it retains, and the value that
    /// `only_changes` compares with. Its subscribers stay. A client that comes back and has missed
    /// some of it is told of a gap.
    ///
    /// Errors: throws `std::bad_alloc` if there is a journal; then nothing is forgotten.
    void forget(std::string_view topic);

    /// Forgets the newest event of a key, which a topic with `retention::newest_per_key` retains,
    /// such as that of a device which is gone. The topic's history stays.
    ///
    /// Errors: throws `std::bad_alloc`; then nothing is forgotten.
    void forget(std::string_view topic, std::string_view key);

    /// Ends the manager: ends all streams after they were sent what was published before, stops all
    /// polling, and refuses new streams and events. Idempotent.
    void shutdown() noexcept;

    /// Shuts the manager down as `shutdown` does, once it is awaited. It completes when all streams
    /// have ended, by their sessions, and nothing is polled any more. Streams that are still there
    /// at the deadline are cut, such as those of stalled clients: at once if it is zero or less,
    /// never if it is `milliseconds::max()`. 100 ms later it completes, whatever is left: polling
    /// that cannot be cancelled, say. Subscriptions are closed and not waited for. Several may
    /// wait; the first deadline holds.
    ///
    ///     co_await manager.async_shutdown(std::chrono::seconds{2});
    ///
    /// Errors: throws `std::bad_alloc` where there is no memory to wait; the shutdown goes on, and
    /// without memory for its deadline the streams are cut at once.
    /// Cancellation: terminal and partial; the shutdown goes on, and its deadline holds.
    /// Thread safety: from any executor. The contexts of the manager and its streams must run.
    /// Lifetime: the manager may be destroyed meanwhile.
    boost::asio::awaitable<void> async_shutdown(
        std::chrono::milliseconds deadline = std::chrono::seconds{1});

    bool is_shut_down() const noexcept;

    manager_stats stats() const;

private:
    friend struct detail::manager_access;

    boost::system::result<event_id> publish_json(std::string_view topic,
        const std::function<boost::json::value()>& source, publish_options options);

    std::shared_ptr<detail::manager_state> state_;
};

} // namespace crier
