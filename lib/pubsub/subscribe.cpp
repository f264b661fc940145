#include <crier/wire/errc.hpp>

#include "channel.hpp"
#include "core.hpp"
#include "lane.hpp"
#include "topic_publisher.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace crier::detail {
namespace {

namespace asio = boost::asio;

void check_names(const std::vector<topic_options>& topics, std::size_t limit) {
    if (topics.size() > limit) {
        throw std::invalid_argument{
            "a subscription may have " + std::to_string(limit) + " topics at most"};
    }
    std::vector<std::string_view> names;
    names.reserve(topics.size());
    for (const topic_options& each : topics) {
        names.push_back(each.name);
    }
    std::ranges::sort(names);
    if (names.empty() || std::ranges::adjacent_find(names) != names.end()) {
        throw std::invalid_argument{"a subscription needs one topic or more, each once"};
    }
}

} // namespace

topic_settings core::settings_of(std::string_view name) const {
    topic_settings result;
    const auto rule = std::ranges::find_if(
        options_.rules, [name](const topic_rule& each) { return each.matches(name); });
    if (rule != options_.rules.end()) {
        result.history = rule->history;
        result.retain = rule->retain;
        result.queue = rule->queue;
    }
    if (options_.type_of) {
        result.type = options_.type_of(name);
    }
    return result;
}

/// Asks user code, so without the lock.
std::vector<topic_settings> core::settings_of(const std::vector<topic_options>& topics) const {
    std::vector<topic_settings> result;
    result.reserve(topics.size());
    for (const topic_options& each : topics) {
        topic_settings settings = settings_of(each.name);
        settings.only_changes = each.only_changes;
        if (each.history.events > 0) {
            check_limits(each.history);
            settings.history = each.history;
        }
        if (each.retain != retention::none) {
            settings.retain = each.retain;
        }
        if (each.queue) {
            settings.queue = each.queue;
        }
        if (each.polling) {
            settings.linger = each.polling->linger();
        }
        result.push_back(std::move(settings));
    }
    return result;
}

subscription core::subscribe(std::vector<topic_options> topics, const subscribe_options& options) {
    const std::shared_ptr<shard> home = home_of(options.executor);
    const auto who = std::make_shared<channel>(home->get_executor(), options_.ids, memory_);
    // Where something throws, it takes back what was done.
    subscription made{shared_from_this(), home, who};
    subscribe(home, who, std::move(topics), options);
    if (who->is_behind) {
        who->wake();
    }
    return made;
}

std::shared_ptr<shard> core::home_of(const asio::any_io_executor& executor) {
    const std::lock_guard lock{mutex_};
    return shard_of(executor);
}

void core::subscribe(const std::shared_ptr<shard>& home, const std::shared_ptr<subscriber>& who,
    std::vector<topic_options> topics, const subscribe_options& options) {
    check_names(topics, options_.topics_limit);
    std::vector<topic_settings> settings = settings_of(topics);
    std::optional<queue_limits> limits = options.queue;
    posts owed;
    std::unique_lock lock{mutex_};
    if (shut_down_) {
        throw boost::system::system_error{errc::shut_down};
    }
    for (std::size_t i = 0; i < topics.size() && !limits; ++i) {
        const auto known = find({topics[i].name});
        limits = known ? known->as.queue : settings[i].queue;
    }
    check_limits(limits.value_or(options_.queue));
    who->id = next_subscriber_++;
    who->pending.limit(limits.value_or(options_.queue));
    who->topics.reserve(topics.size());
    for (std::size_t i = 0; i < topics.size(); ++i) {
        enter(topics[i], std::move(settings[i]), home, who);
    }
    begin_reading(*who, options.last_event_id);
    if (!who->is_behind) {
        join(home, who, owed);
    }
    lock.unlock();
    post_drains(owed);
}

/// All that there are at present.
core::posts core::shards() const {
    posts result{own_shard_};
    for (const std::weak_ptr<shard>& each : shards_) {
        if (auto known = each.lock()) {
            result.push_back(std::move(known));
        }
    }
    return result;
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

/// Counts the subscriber as one of the topic's, before it joins the lane.
std::shared_ptr<topic> core::enter(topic_options& options, topic_settings settings,
    const std::shared_ptr<shard>& home, const std::shared_ptr<subscriber>& who) {
    const auto found = topics_.find(options.name);
    const std::chrono::milliseconds linger = settings.linger;
    const std::shared_ptr<topic> entered =
        found == topics_.end() ? open(options.name, std::move(settings)) : found->second;
    auto at = std::ranges::find(entered->homes, home, &topic::home::on);
    if (at == entered->homes.end()) {
        auto in = std::make_shared<lane>(entered->name, entered->counts, counts_);
        at = entered->homes.insert(at, topic::home{home, std::move(in)});
    }
    ++at->members;
    ++entered->subscribers;
    subscribers_ += who->topics.empty() ? 1 : 0;
    who->topics.push_back(entered);
    if (options.polling && !entered->polling && entered->subscribers == 1) {
        start_polling(entered, std::move(options.polling), linger);
    }
    return entered;
}

/// From here on the subscriber gets what is published.
void core::join(
    const std::shared_ptr<shard>& home, const std::shared_ptr<subscriber>& who, posts& owed) {
    for (const std::shared_ptr<topic>& joined : who->topics) {
        const auto at = std::ranges::find(joined->homes, home, &topic::home::on);
        joined->last_join = std::max(joined->last_join, who->joined);
        if (home->push(inbox::join{at->in, who})) {
            owed.push_back(home);
        }
    }
}

std::shared_ptr<topic> core::open(std::string_view name, topic_settings settings) {
    auto opened = std::make_shared<topic>(
        std::string{name}, std::move(settings), forgotten_.through(name), options_.keys_limit);
    opened->used_at = clock::now();
    topics_.emplace(opened->name, opened);
    return opened;
}

void core::start_polling(const std::shared_ptr<topic>& of, std::shared_ptr<polling_service> service,
    std::chrono::milliseconds linger) {
    of->polling =
        std::make_shared<polling_run>(polling_run{std::move(service), nullptr, of->name, linger});
    of->polling->to = std::make_unique<topic_publisher>(shared_from_this(), of->name, *of->polling);
    lifecycle_->start(of->polling);
}

void core::stop_polling(topic& of) {
    if (of.polling) {
        lifecycle_->stop(std::exchange(of.polling, nullptr));
    }
}

void core::unsubscribe(const std::shared_ptr<shard>& home, const std::shared_ptr<subscriber>& who) {
    posts owed;
    std::unique_lock lock{mutex_};
    if (!who->topics.empty()) {
        --subscribers_;
    }
    stop_reading(*who);
    for (const std::shared_ptr<topic>& left : std::exchange(who->topics, {})) {
        const auto at = std::ranges::find(left->homes, home, &topic::home::on);
        if (home->push(inbox::leave{at->in, who})) {
            owed.push_back(home);
        }
        if (--at->members == 0) {
            left->homes.erase(at);
        }
        leave(left);
    }
    lock.unlock();
    post_drains(owed);
}

void core::leave(const std::shared_ptr<topic>& left) {
    if (--left->subscribers > 0 || shut_down_) {
        return;
    }
    left->left_at = clock::now();
    review(left, left->left_at);
}

void core::retire(const std::shared_ptr<topic>& ended) {
    forgotten_.note(ended->name, ended->last_publish);
    forget_use(*ended);
    if (ended->due) {
        due_.erase(*ended->due);
        ended->due.reset();
    }
    topics_.erase(ended->name);
}

} // namespace crier::detail
