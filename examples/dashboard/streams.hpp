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

/// What the manager itself does: its streams, and the events per second of each topic.
class streams_sampler {
public:
    /// The topics are named also while nobody is subscribed to them.
    explicit streams_sampler(std::vector<std::string> topics) : topics_(std::move(topics)) {}

    /// `open` is how many streams there are.
    boost::json::value sample(const crier::manager_stats& stats, std::size_t open,
        std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

private:
    struct counts {
        std::chrono::steady_clock::time_point at;
        std::map<std::string, std::uint64_t> of;
    };

    /// Events per second over the last samples: of events that come every other second, one
    /// interval alone would show twice as many or none.
    double rate_of(const std::string& name) const;

    static constexpr std::size_t most_samples = 5;

    const std::vector<std::string> topics_;
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::deque<counts> samples_;
};

} // namespace dashboard
