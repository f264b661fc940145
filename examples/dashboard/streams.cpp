#include "streams.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>

namespace dashboard {

namespace json = boost::json;

json::value streams_sampler::sample(const crier::manager_stats& stats, std::size_t open,
    std::chrono::steady_clock::time_point now) {
    counts& newest = samples_.emplace_back(counts{now, {{"", stats.delivered}}});
    for (const crier::topic_stats& topic : stats.topics) {
        newest.of[topic.name] = topic.published;
    }
    if (samples_.size() > most_samples) {
        samples_.pop_front();
    }
    json::array topics;
    for (const std::string& name : topics_) {
        const auto found = std::ranges::find(stats.topics, name, &crier::topic_stats::name);
        const crier::topic_stats topic =
            found == stats.topics.end() ? crier::topic_stats{} : *found;
        topics.push_back({{"name", name}, {"polled", topic.polled},
            {"subscribers", topic.subscribers}, {"published", topic.published},
            {"delivered", topic.delivered}, {"dropped", topic.dropped}, {"rate", rate_of(name)}});
    }
    return {{"topics", std::move(topics)}, {"sessions", open}, {"published", stats.published},
        {"delivered", stats.delivered}, {"dropped", stats.dropped}, {"rate", rate_of("")},
        {"uptime", std::chrono::duration<double>(now - started_).count()}};
}

double streams_sampler::rate_of(const std::string& name) const {
    const counts& first = samples_.front();
    const counts& last = samples_.back();
    const auto count = [&name](const counts& in) {
        const auto found = in.of.find(name);
        return found == in.of.end() ? 0 : found->second;
    };
    const double seconds = std::chrono::duration<double>(last.at - first.at).count();
    // A topic's counts begin anew with its next life.
    const std::uint64_t before = std::min(count(first), count(last));
    return seconds > 0 ? static_cast<double>(count(last) - before) / seconds : 0;
}

} // namespace dashboard
