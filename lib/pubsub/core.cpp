#include "core.hpp"

#include <crier/wire/errc.hpp>

#include <boost/asio/strand.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <random>
#include <stdexcept>

namespace crier::detail {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

manager_options checked(manager_options options) {
    if (options.queue_bound == 0) {
        throw std::invalid_argument{"queue_bound is 0; at least one event must have room"};
    }
    if (options.heartbeat_interval.count() <= 0) {
        options.heartbeat_interval = manager_options{}.heartbeat_interval;
    }
    if (!options.log) {
        options.log = log_to_clog;
    }
    return options;
}

frame heartbeat_of(const manager_options& options) {
    const auto made = make_comment_frame(options.heartbeat_text, options.heartbeat_end);
    if (!made) {
        throw std::invalid_argument{"heartbeat_text: " + made.error().message()};
    }
    return *made;
}

std::uint64_t random_epoch() {
    std::random_device source;
    return std::uint64_t{source()} << 20 ^ source();
}

/// The one life of a topic, as its polling service sees it.
class topic_publisher final : public publisher {
public:
    topic_publisher(const std::shared_ptr<core>& owner, std::shared_ptr<topic> life)
        : owner_{owner}, executor_{owner->get_executor()}, life_{std::move(life)} {}

    asio::any_io_executor get_executor() const override { return executor_; }

    void publish(const json::value& data, publish_options options) override {
        const auto source = [&data] { return data; };
        publish_to_life(source, options);
    }

    void publish(const event& whole, publish_options options) override {
        publish_to_life(event_view{whole}, options);
    }

    void log(severity level, std::string_view line) override {
        if (const auto owner = owner_.lock()) {
            owner->log(level, line);
        }
    }

private:
    template <class Data>
    void publish_to_life(const Data& data, publish_options options) {
        if (const auto owner = owner_.lock()) {
            const auto published = owner->publish({life_->name, life_.get()}, data, options);
            if (!published && published.error() != errc::shut_down) {
                owner->log(
                    severity::warning, "polling published nothing: " + published.error().message());
            }
        }
    }

    const std::weak_ptr<core> owner_;
    const asio::any_io_executor executor_;
    const std::shared_ptr<topic> life_;
};

void post_all(const auto& owed) {
    for (const std::shared_ptr<shard>& each : owed) {
        each->post_drain();
    }
}

} // namespace

core::core(const asio::any_io_executor& executor, manager_options options)
    : options_{checked(std::move(options))},
      log_{std::make_shared<const logger>(options_.log)},
      epoch_{random_epoch()},
      heartbeat_{heartbeat_of(options_)},
      own_shard_{std::make_shared<shard>(asio::make_strand(executor), log_)},
      lifecycle_{std::make_shared<lifecycle>(own_shard_->get_executor(), log_)} {}

std::shared_ptr<topic> core::find(destination to) const {
    const auto found = topics_.find(to.name);
    const bool meant =
        found != topics_.end() && (to.life == nullptr || to.life == found->second.get());
    return meant ? found->second : nullptr;
}

event_id core::next_id() noexcept {
    counts_->published.fetch_add(1, std::memory_order_relaxed);
    return {epoch_, ++sequence_};
}

template <class Prepare>
boost::system::result<event_id> core::publish_prepared(
    destination to, bool only_changes, Prepare prepare) {
    std::unique_lock lock{mutex_};
    if (shut_down_) {
        return errc::shut_down;
    }
    std::shared_ptr<topic> found = find(to);
    if (!found) {
        return next_id();
    }
    only_changes = only_changes || found->only_changes;
    std::shared_ptr<const last_value> last = found->last;
    lock.unlock();

    boost::system::result<prepared> made = prepare(only_changes);
    if (!made) {
        return made.error();
    }
    // Values may be large: they are compared without the lock, again if another came in between.
    bool equal = last && made->value && *last == *made->value;
    lock.lock();
    for (found = find(to); only_changes && found && found->last != last; found = find(to)) {
        last = found->last;
        lock.unlock();
        equal = last && *last == *made->value;
        lock.lock();
    }
    if (shut_down_) {
        return errc::shut_down;
    }
    if (!found) {
        return next_id();
    }
    if (equal && found->last_join < found->last_publish) {
        return event_id{epoch_, found->last_publish};
    }
    const std::uint64_t only_since = equal ? found->last_publish : 0;
    const event_id id = next_id();
    found->counts->published.fetch_add(1, std::memory_order_relaxed);
    found->last_publish = id.sequence;
    found->last = std::move(made->value);
    posts owed;
    for (const topic::home& home : found->homes) {
        if (home.on->push(shard::arrival{home.in, made->content, only_since})) {
            owed.push_back(home.on);
        }
    }
    lock.unlock();
    post_all(owed);
    return id;
}

boost::system::result<event_id> core::publish(
    destination to, const event_view& whole, publish_options options) {
    event_view typed = whole;
    typed.type = options.type.empty() ? whole.type : options.type;
    return publish_prepared(
        to, options.only_changes, [&](bool compare) -> boost::system::result<prepared> {
            auto content = make_frame(typed);
            if (!content) {
                return content.error();
            }
            auto value = !compare ? nullptr
                                  : std::make_shared<const last_value>(last_value{
                                        std::string{typed.type}, std::string{typed.data}});
            return prepared{std::move(*content), std::move(value)};
        });
}

boost::system::result<event_id> core::publish(
    destination to, const json_source& source, publish_options options) {
    return publish_prepared(
        to, options.only_changes, [&](bool compare) -> boost::system::result<prepared> {
            json::value data = source();
            const std::string text = json::serialize(data);
            event_view typed{text};
            typed.type = options.type;
            auto content = make_frame(typed);
            if (!content) {
                return content.error();
            }
            auto value = !compare ? nullptr
                                  : std::make_shared<const last_value>(
                                        last_value{std::string{typed.type}, std::move(data)});
            return prepared{std::move(*content), std::move(value)};
        });
}

subscription core::subscribe(std::vector<topic_options> topics, const subscribe_options& options) {
    const std::size_t bound = options.queue_bound > 0 ? options.queue_bound : options_.queue_bound;
    std::vector<std::string_view> names;
    names.reserve(topics.size());
    for (const topic_options& each : topics) {
        names.push_back(each.name);
    }
    std::ranges::sort(names);
    if (names.empty() || std::ranges::adjacent_find(names) != names.end()) {
        throw std::invalid_argument{"a subscription needs one topic or more, each once"};
    }
    posts owed;
    std::unique_lock lock{mutex_};
    if (shut_down_) {
        throw boost::system::system_error{errc::shut_down};
    }
    const std::shared_ptr<shard> home = shard_of(options.executor);
    const auto who = std::make_shared<subscriber>(home->get_executor(), next_subscriber_++, bound);
    who->joined = sequence_;
    ++subscribers_;
    for (topic_options& each : topics) {
        join(each, home, who, owed);
    }
    lock.unlock();
    post_all(owed);
    return subscription{shared_from_this(), home, who};
}

std::shared_ptr<shard> core::shard_of(const asio::any_io_executor& executor) {
    if (!executor || executor == own_shard_->get_executor()) {
        return own_shard_;
    }
    std::erase_if(shards_, [](const auto& each) { return each.expired(); });
    for (const std::weak_ptr<shard>& each : shards_) {
        if (auto known = each.lock(); known && known->get_executor() == executor) {
            return known;
        }
    }
    auto added = std::make_shared<shard>(executor, log_);
    shards_.push_back(added);
    return added;
}

void core::join(topic_options& options, const std::shared_ptr<shard>& home,
    const std::shared_ptr<subscriber>& who, posts& owed) {
    const auto found = topics_.find(options.name);
    const std::shared_ptr<topic> joined = found == topics_.end() ? open(options) : found->second;
    auto at = std::ranges::find(joined->homes, home, &topic::home::on);
    if (at == joined->homes.end()) {
        auto in = std::make_shared<lane>(joined->name, joined->counts, counts_);
        at = joined->homes.insert(at, topic::home{home, std::move(in)});
    }
    ++at->members;
    ++joined->subscribers;
    joined->last_join = sequence_;
    who->topics.push_back(joined);
    if (home->push(shard::join{at->in, who})) {
        owed.push_back(home);
    }
}

std::shared_ptr<topic> core::open(topic_options& options) {
    auto opened = std::make_shared<topic>();
    opened->name = options.name;
    opened->only_changes = options.only_changes;
    topics_.emplace(opened->name, opened);
    if (options.polling) {
        opened->polling = std::make_shared<polling_run>(polling_run{std::move(options.polling),
            std::make_unique<topic_publisher>(shared_from_this(), opened), opened->name});
        lifecycle_->start(opened->polling);
    }
    return opened;
}

void core::retire(const std::shared_ptr<topic>& ended) {
    topics_.erase(ended->name);
    if (ended->polling) {
        lifecycle_->stop(std::exchange(ended->polling, nullptr));
    }
}

void core::unsubscribe(const std::shared_ptr<shard>& home, const std::shared_ptr<subscriber>& who) {
    posts owed;
    std::unique_lock lock{mutex_};
    if (!who->topics.empty()) {
        --subscribers_;
    }
    for (const std::shared_ptr<topic>& left : std::exchange(who->topics, {})) {
        const auto at = std::ranges::find(left->homes, home, &topic::home::on);
        if (home->push(shard::leave{at->in, who})) {
            owed.push_back(home);
        }
        if (--at->members == 0) {
            left->homes.erase(at);
        }
        if (--left->subscribers == 0 && !shut_down_) {
            retire(left);
        }
    }
    lock.unlock();
    post_all(owed);
}

void core::shutdown() {
    posts owed;
    std::unique_lock lock{mutex_};
    if (shut_down_) {
        return;
    }
    shut_down_ = true;
    while (!topics_.empty()) {
        const std::shared_ptr<topic> ended = topics_.begin()->second;
        for (const topic::home& home : ended->homes) {
            if (home.on->push(shard::end{home.in})) {
                owed.push_back(home.on);
            }
        }
        retire(ended);
    }
    lock.unlock();
    post_all(owed);
}

void core::session_ended(end_reason reason) noexcept {
    --sessions_;
    ++ended_[static_cast<std::size_t>(reason)];
}

namespace {

void copy_counts(event_counts& to, const counters& from) noexcept {
    to.published = from.published;
    to.delivered = from.delivered;
    to.dropped = from.dropped;
    to.bytes = from.bytes;
}

} // namespace

manager_stats core::stats() const {
    manager_stats result;
    copy_counts(result, *counts_);
    result.sessions = sessions_;
    std::ranges::copy(ended_, result.ended.begin());
    {
        const std::lock_guard lock{mutex_};
        result.subscribers = subscribers_;
        for (const auto& [name, each] : topics_) {
            topic_stats& one = result.topics.emplace_back();
            copy_counts(one, *each->counts);
            one.name = name;
            one.subscribers = each->subscribers;
            one.polled = each->polling != nullptr;
        }
    }
    std::ranges::sort(result.topics, {}, &topic_stats::name);
    return result;
}

} // namespace crier::detail
