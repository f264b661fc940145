#include "topic_table.hpp"

#include "lifecycle.hpp"
#include "options.hpp"
#include "retired_topics.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

namespace crier::detail {
namespace {

/// Without a secret: each name takes as long, and what two of a slot share is a gap too many.
std::size_t slot_of(std::string_view name, std::size_t slots) noexcept {
    return std::hash<std::string_view>{}(name) % slots;
}

} // namespace

topic_table::~topic_table() {
    while (topic* const left = any()) {
        retire(*left);
    }
}

topic_settings topic_table::settings_of(std::string_view name) const {
    topic_settings result;
    const auto rule = std::ranges::find_if(
        options_.rules, [name](const topic_rule& each) { return each.matches(name); });
    if (rule != options_.rules.end()) {
        result.history = rule->history;
        result.retain = rule->retain;
        result.queue = rule->queue;
        result.source = rule->source ? &rule->source : nullptr;
    }
    if (options_.type_of) {
        result.type = options_.type_of(name);
    }
    return result;
}

topic_settings topic_table::settings_of(const topic_options& asked) const {
    topic_settings settings = settings_of(asked.name);
    settings.only_changes = asked.only_changes;
    if (asked.history.events > 0) {
        settings.history = in_range(asked.history);
    }
    if (asked.retain != retention::none) {
        settings.retain = asked.retain;
    }
    if (asked.queue) {
        settings.queue = asked.queue;
    }
    if (asked.polling) {
        settings.source = nullptr;
    }
    return settings;
}

topic* topic_table::find(std::string_view name) const noexcept {
    const auto found = topics_.find(name);
    return found == topics_.end() ? nullptr : found->second.get();
}

topic& topic_table::open(std::string_view name, topic_settings settings, std::uint64_t newest) {
    settings.is_journaled = options_.journal && settings.keeps();
    // The journal has what came before.
    const std::uint64_t since =
        settings.is_journaled ? newest : unkept_[slot_of(name, unkept_.size())];
    const topic_ptr opened{new topic{
        std::string{name}, std::move(settings), since, options_.keys_limit, budget_.account()}};
    opened->used_at = clock::now();
    opened->is_followed = !is_shared_;
    topics_.emplace(opened->name, opened);
    return *opened;
}

void topic_table::note_unkept(std::string_view name, std::uint64_t sequence) noexcept {
    std::uint64_t& known = unkept_[slot_of(name, unkept_.size())];
    known = std::max(known, sequence);
}

void topic_table::note_use(topic& of) noexcept {
    if (of.is_retired) {
        return; // a subscriber of it has come to its own end only now
    }
    if (of.keeps_something()) {
        budget_.use(of);
    } else {
        budget_.forget(of);
    }
}

topic_table::stopped_run topic_table::left(topic& by, clock::time_point now) noexcept {
    by.left_at = now;
    return review(by, now);
}

topic_table::stopped_run topic_table::evict(const topic* but, clock::time_point now) noexcept {
    auto& least = static_cast<topic&>(budget_.least_recent());
    least.evict_oldest();
    if (least.keeps_something()) {
        return nullptr;
    }
    budget_.forget(least);
    return &least == but ? nullptr : review(least, now);
}

/// Ends a topic without subscribers, or what of it is over, and notes when more may be.
topic_table::stopped_run topic_table::review(topic& idle, clock::time_point now) noexcept {
    if (idle.in_schedule::is_linked()) {
        schedule_.erase(schedule_.iterator_to(idle));
    }
    if (idle.subscribers > 0 || idle.pending > 0) {
        return nullptr;
    }
    stopped_run stopped;
    idle.due = clock::time_point::max();
    if (idle.polling) {
        const clock::time_point stop_at = idle.left_at + idle.polling->linger;
        if (now >= stop_at) {
            stopped = std::exchange(idle.polling, nullptr);
        } else {
            idle.due = stop_at;
        }
    }
    if (idle.keeps_something()) {
        const clock::time_point forget_at =
            std::max(idle.used_at, idle.left_at) + idle.settings.history.age;
        if (now <= forget_at) {
            idle.due = std::min(idle.due, forget_at + clock::duration{1});
        }
        if (now > forget_at && !idle.polling) {
            retire(idle);
            return stopped;
        }
    } else if (!idle.polling) {
        retire(idle);
        return stopped;
    }
    schedule_.insert(idle);
    return stopped;
}

clock::time_point topic_table::next_review() const noexcept {
    return schedule_.empty() ? clock::time_point::max() : schedule_.begin()->due;
}

bool topic_table::review_due(clock::time_point now, stopped_run& stopped) noexcept {
    if (next_review() > now) {
        return false;
    }
    stopped = review(*schedule_.begin(), now);
    return true;
}

topic* topic_table::any() const noexcept {
    return topics_.empty() ? nullptr : topics_.begin()->second.get();
}

topic_table::stopped_run topic_table::retire(topic& ended) noexcept {
    ended.is_retired = true;
    note_unkept(ended.name, ended.last_publish);
    budget_.forget(ended);
    if (ended.in_schedule::is_linked()) {
        schedule_.erase(schedule_.iterator_to(ended));
    }
    stopped_run stopped = std::exchange(ended.polling, nullptr);
    const topic_ptr kept{&ended};
    topics_.erase(ended.name);
    if (retired_ != nullptr && ended.is_to_be_followed) {
        retired_->add(ended);
    }
    return stopped;
}

std::vector<topic_stats> topic_table::stats() const {
    std::vector<topic_stats> result;
    result.reserve(topics_.size());
    for (const auto& [name, each] : topics_) {
        result.push_back(each->stats());
    }
    return result;
}

} // namespace crier::detail
