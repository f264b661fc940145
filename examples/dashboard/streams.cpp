#include "streams.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>

namespace dashboard {

namespace json = boost::json;

json::value streams_sampler::sample(
    const crier::manager_stats& stats, std::chrono::steady_clock::time_point now) {
    const double seconds = std::chrono::duration<double>(now - sampled_).count();
    sampled_ = now;
    json::array topics;
    for (const std::string& name : topics_) {
        const auto found = std::ranges::find(stats.topics, name, &crier::topic_stats::name);
        const crier::topic_stats topic =
            found == stats.topics.end() ? crier::topic_stats{} : *found;
        topics.push_back(
            {{"name", name}, {"polled", topic.polled}, {"subscribers", topic.subscribers},
                {"published", topic.published}, {"delivered", topic.delivered},
                {"dropped", topic.dropped}, {"rate", rate_of(name, topic.published, seconds)}});
    }
    return {{"topics", std::move(topics)}, {"sessions", stats.sessions},
        {"published", stats.published}, {"delivered", stats.delivered}, {"dropped", stats.dropped},
        {"rate", rate_of("", stats.delivered, seconds)},
        {"uptime", std::chrono::duration<double>(now - started_).count()},
        {"instance", std::to_string(started_.time_since_epoch().count())}};
}

double streams_sampler::rate_of(const std::string& name, std::uint64_t count, double seconds) {
    std::uint64_t& before = before_[name];
    // A topic's counts begin anew with its next life.
    const std::uint64_t more = count < before ? count : count - before;
    before = count;
    return seconds > 0 ? static_cast<double>(more) / seconds : 0;
}

} // namespace dashboard
