#include "core.hpp"

#include <crier/wire/errc.hpp>

#include "heartbeat.hpp"
#include "topic_publisher.hpp"

#include <boost/asio/strand.hpp>

#include <algorithm>
#include <optional>
#include <random>
#include <stdexcept>

namespace crier::detail {
namespace {

namespace asio = boost::asio;

manager_options checked(manager_options options) {
    if (options.queue_bound == 0) {
        throw std::invalid_argument{"queue_bound is 0; at least one event must have room"};
    }
    options.heartbeat_interval = heartbeat_interval_of(options);
    if (!options.log) {
        options.log = log_to_clog;
    }
    return options;
}

logger unthrowing(logger log) {
    return [log = std::move(log)](severity level, std::string_view line) noexcept {
        try {
            log(level, line);
        } catch (...) { // NOLINT(bugprone-empty-catch): there is nobody left to tell
        }
    };
}

std::uint64_t random_epoch() {
    std::random_device source;
    return std::uint64_t{source()} << 20 ^ source();
}

} // namespace

core::core(const asio::any_io_executor& executor, manager_options options)
    : options_{checked(std::move(options))},
      log_{std::make_shared<const logger>(unthrowing(options_.log))},
      epoch_{random_epoch()},
      heartbeat_{heartbeat_of(options_)},
      own_shard_{std::make_shared<shard>(asio::make_strand(executor), log_)},
      lifecycle_{std::make_shared<lifecycle>(own_shard_->get_executor(), log_)} {}

void core::post_drains(const posts& owed) {
    for (const std::shared_ptr<shard>& each : owed) {
        each->post_drain();
    }
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
    // Destroyed after the lock: where something throws, it takes back what was done.
    std::optional<subscription> made;
    posts owed;
    std::unique_lock lock{mutex_};
    if (shut_down_) {
        throw boost::system::system_error{errc::shut_down};
    }
    const std::shared_ptr<shard> home = shard_of(options.executor);
    const auto who = std::make_shared<subscriber>(home->get_executor(), next_subscriber_++, bound);
    made.emplace(subscription{shared_from_this(), home, who});
    who->joined = sequence_;
    who->topics.reserve(topics.size());
    for (topic_options& each : topics) {
        join(each, home, who, owed);
    }
    lock.unlock();
    post_drains(owed);
    return std::move(*made);
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
    subscribers_ += who->topics.empty() ? 1 : 0;
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
    post_drains(owed);
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
    post_drains(owed);
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
