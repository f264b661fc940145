#pragma once

#include <crier/pubsub/manager.hpp>

#include <boost/json/value.hpp>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace dashboard {

/// What the manager itself does: its streams, and the events per second of each topic.
class streams_sampler {
public:
    /// The topics are named also while nobody is subscribed to them.
    explicit streams_sampler(std::vector<std::string> topics) : topics_(std::move(topics)) {}

    boost::json::value sample(const crier::manager_stats& stats,
        std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

private:
    /// Events per second since the sample before.
    double rate_of(const std::string& name, std::uint64_t count, double seconds);

    const std::vector<std::string> topics_;
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point sampled_ = started_;
    std::map<std::string, std::uint64_t> before_;
};

} // namespace dashboard
