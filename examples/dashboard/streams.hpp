#pragma once

#include <crier/pubsub/manager.hpp>

#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace dashboard {

/// The manager's own figures: its streams, and the events per second of each topic.
class streams_sampler {
public:
    /// The topics are reported even while they have no subscriber.
    explicit streams_sampler(std::vector<std::string> topics) : topics_(std::move(topics)) {}

    /// `open` is the number of open streams.
    boost::json::value sample(const crier::manager_stats& stats, std::size_t open,
        std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

private:
    struct counts {
        std::chrono::steady_clock::time_point at;
        std::map<std::string, std::uint64_t> of;
    };

    /// Events per second over the last samples. Over one interval, a topic with an event every
    /// other second would show twice its rate, or none.
    double rate_of(const std::string& name) const;

    static constexpr std::size_t most_samples = 5;

    const std::vector<std::string> topics_;
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::deque<counts> samples_;
};

} // namespace dashboard
