#pragma once

#include <crier/pubsub/event_id.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace crier::model {

constexpr std::uint32_t topic_count = 8;
/// Keeps the newest event of each key, which stands for the older ones.
constexpr std::uint32_t state_topic = 6;

/// What was published, as its publisher noted it.
struct note {
    std::uint64_t sequence = 0;
    std::uint32_t topic = 0;
    std::uint32_t key = 0;
    std::uint64_t number = 0; ///< the publisher's own, which the event's data repeats

    friend auto operator<=>(const note&, const note&) = default;
};

/// A place in the order of all events of all lives of the server.
struct place {
    std::size_t life = 0;
    std::uint64_t sequence = 0;

    friend auto operator<=>(const place&, const place&) = default;
};

/// All that was published, by life and topic, in order.
class published {
public:
    void add_life(std::uint64_t epoch, std::vector<note> notes) {
        std::ranges::sort(notes);
        epochs_[epoch] = lives_.size();
        by_topic& topics = lives_.emplace_back(topic_count);
        for (const note& each : notes) {
            topics[each.topic].push_back(each);
        }
        total_ += notes.size();
    }

    std::size_t lives() const noexcept { return lives_.size(); }
    std::size_t total() const noexcept { return total_; }

    const std::vector<note>& of(std::size_t life, std::size_t topic) const {
        return lives_[life][topic];
    }

    /// Where an id stands; the number of lives for an epoch that there was not.
    place place_of(event_id id) const {
        const auto found = epochs_.find(id.epoch);
        return {found == epochs_.end() ? lives_.size() : found->second, id.sequence};
    }

private:
    using by_topic = std::vector<std::vector<note>>;

    std::vector<by_topic> lives_;
    std::map<std::uint64_t, std::size_t> epochs_;
    std::size_t total_ = 0;
};

} // namespace crier::model
