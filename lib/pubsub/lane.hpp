#pragma once

#include "counters.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace crier::detail {

struct subscriber;

/// A topic's subscribers on one shard.
struct lane {
    explicit lane(
        std::string name, std::shared_ptr<counters> of_topic, std::shared_ptr<counters> of_all)
        : topic{std::move(name)},
          topic_counts{std::move(of_topic)},
          all_counts{std::move(of_all)} {}

    void count(std::uint64_t delivered, std::uint64_t bytes, const drop_counts& lost) const {
        topic_counts->add(delivered, bytes, lost);
        all_counts->add(delivered, bytes, lost);
    }

    const std::string topic;
    const std::shared_ptr<counters> topic_counts;
    const std::shared_ptr<counters> all_counts;
    std::vector<std::shared_ptr<subscriber>> members;
    /// Where its latest refusal stands in the inbox, and in which run of refusals: guarded by the
    /// inbox's mutex.
    std::uint64_t refused_in = 0;
    std::size_t refused_at = 0;
};

} // namespace crier::detail
