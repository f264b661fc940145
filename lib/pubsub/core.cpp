#include "core.hpp"

#include "async/executors.hpp"
#include "heartbeat.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>

namespace crier::detail {
namespace {

namespace asio = boost::asio;

manager_options checked(manager_options options) {
    check_limits(options.queue);
    for (const topic_rule& rule : options.rules) {
        if (!rule.matches) {
            throw std::invalid_argument{"a rule has no function that matches"};
        }
        check_limits(rule.queue.value_or(options.queue));
        check_limits(rule.history);
    }
    if (options.topics_limit == 0 || options.keys_limit == 0 || options.memory_limit == 0) {
        throw std::invalid_argument{"topics_limit, keys_limit or memory_limit is 0"};
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
    constexpr unsigned bits = 40; // so many, for short ids
    return (std::uint64_t{source()} << 20 ^ source()) % (std::uint64_t{1} << bits);
}

} // namespace

core::core(const asio::any_io_executor& executor, manager_options options)
    : options_{checked(std::move(options))},
      log_{std::make_shared<const logger>(unthrowing(options_.log))},
      epoch_{random_epoch()},
      heartbeat_{heartbeat_of(options_)},
      own_shard_{std::make_shared<shard>(strand_on(executor), log_)},
      lifecycle_{std::make_shared<lifecycle>(own_shard_->get_executor(), log_)},
      due_timer_{own_shard_->get_executor()} {}

void check_limits(const history_limits& limits) {
    if (limits.age.count() < 0) {
        throw std::invalid_argument{"a history's age is negative; zero means for ever"};
    }
}

core::~core() = default;

void check_limits(const queue_limits& limits) {
    if (limits.events == 0 || limits.bytes == 0) {
        throw std::invalid_argument{"a queue's limit is 0; at least one event must have room"};
    }
}

void core::post_drains(const posts& owed) {
    for (const std::shared_ptr<shard>& each : owed) {
        each->post_drain();
    }
}

void core::end_streams(std::string_view name) {
    posts owed;
    std::unique_lock lock{mutex_};
    const std::shared_ptr<topic> of = find({name});
    if (!of) {
        return;
    }
    ++of->cuts;
    for (const topic::home& home : of->homes) {
        if (home.on->push(inbox::cut{home.in})) {
            owed.push_back(home.on);
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
    const bool waits = is_timing_ || !due_.empty();
    while (!topics_.empty()) {
        const std::shared_ptr<topic> ended = topics_.begin()->second;
        for (const topic::home& home : ended->homes) {
            if (home.on->push(inbox::end{home.in})) {
                owed.push_back(home.on);
            }
        }
        stop_polling(*ended);
        retire(ended);
    }
    lock.unlock();
    post_drains(owed);
    if (waits) {
        wait_for_due();
    }
}

void core::session_ended(end_reason reason) noexcept {
    --sessions_;
    ++ended_[static_cast<std::size_t>(reason)];
}

namespace {

void copy_counts(event_counts& to, const counters& from) noexcept {
    to.published = from.published;
    to.delivered = from.delivered;
    for (std::size_t i = 0; i < drop_reasons; ++i) {
        to.dropped_by[i] = from.dropped[i];
        to.dropped += to.dropped_by[i];
    }
    to.bytes = from.bytes;
}

} // namespace

manager_stats core::stats() const {
    manager_stats result;
    copy_counts(result, *counts_);
    result.sessions = sessions_;
    result.memory = memory_->used();
    std::ranges::copy(ended_, result.ended.begin());
    {
        const std::lock_guard lock{mutex_};
        result.subscribers = subscribers_;
        result.resumed = resumed_;
        result.gaps = gaps_;
        for (const auto& [name, each] : topics_) {
            topic_stats& one = result.topics.emplace_back();
            copy_counts(one, *each->counts);
            one.name = name;
            one.subscribers = each->subscribers;
            one.polled = each->polling != nullptr;
            one.history = each->kept.size();
            one.history_bytes = each->kept.bytes();
        }
    }
    std::ranges::sort(result.topics, {}, &topic_stats::name);
    return result;
}

} // namespace crier::detail
