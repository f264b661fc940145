#include "asked_topics.hpp"

#include <crier/wire/errc.hpp>

#include "options.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace crier::detail {
namespace {

void check_topics(const std::vector<topic_options>& topics, const manager_options& limits) {
    if (topics.size() > limits.topics_limit) {
        throw std::invalid_argument{
            "a subscription may have " + std::to_string(limits.topics_limit) + " topics at most"};
    }
    std::vector<std::string_view> names;
    names.reserve(topics.size());
    for (const topic_options& each : topics) {
        names.push_back(each.name);
        if (each.name.size() > limits.name_bytes) {
            throw std::invalid_argument{make_error_code(errc::invalid_topic).message()};
        }
        if (each.queue) {
            check(*each.queue);
        }
    }
    std::ranges::sort(names);
    if (names.empty() || std::ranges::adjacent_find(names) != names.end()) {
        throw std::invalid_argument{"a subscription needs one topic or more, each once"};
    }
}

} // namespace

asked_topics::asked_topics(
    std::vector<topic_options> topics, const topic_table& known, const manager_options& limits) {
    check_topics(topics, limits);
    all_.reserve(topics.size());
    for (topic_options& each : topics) {
        topic_settings settings = known.settings_of(each);
        all_.emplace_back(std::move(each), std::move(settings));
    }
}

asked_topic* asked_topics::without_run(const topic_table& known) noexcept {
    const auto found = std::ranges::find_if(all_, [&known](const asked_topic& each) {
        const topic* const there = known.find(each.options.name);
        return (each.options.polling || each.settings.source != nullptr) && !each.spare_run &&
               (there == nullptr || (!there->polling && there->subscribers == 0));
    });
    return found == all_.end() ? nullptr : &*found;
}

event_queue::bounds asked_topics::limits(const subscribe_options& given, const topic_table& known,
    const manager_options& options) const {
    if (given.queue) {
        return {*given.queue, false};
    }
    std::optional<event_queue::bounds> result;
    for (const asked_topic& each : all_) {
        const topic* const there = known.find(each.options.name);
        const topic_settings& settings = there != nullptr ? there->settings : each.settings;
        const queue_limits limits = settings.queue.value_or(options.queue);
        if (!result) {
            result = {limits, false};
        }
        queue_limits& most = result->limits;
        most.events = std::max(most.events, limits.events);
        most.bytes = std::max(most.bytes, limits.bytes);
        result->by_topic = result->by_topic || limits.overflow != most.overflow;
    }
    if (result->by_topic) {
        result->limits.overflow = options.queue.overflow;
    }
    return *result;
}

} // namespace crier::detail
