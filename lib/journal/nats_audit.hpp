#pragma once

#include "nats_following.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace crier::detail {

/// Decides which topics' numbers are compared with the engine's, and when: messages may be lost on
/// their way to a follower though no connection is.
class nats_audit {
public:
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::milliseconds after_follow{1'000};
    static constexpr std::chrono::milliseconds grace{250}; ///< for what is still on its way

    /// A topic is followed: it is compared soon, and then in its turn.
    void add(std::string_view topic, time_point now);
    void remove(std::string_view topic);

    /// Messages of a topic were lost, certainly: it is compared next.
    void suspect(std::string_view topic);

    /// So many topics at most that are to be compared now. Those of the round go by only as long
    /// as numbers were given since the one before it.
    std::vector<std::string> next(std::size_t most, std::uint64_t newest, time_point now);

    /// The engine has a topic's events up to a number, which were not all told.
    void note_hole(std::string_view topic, std::uint64_t newest, time_point now);

    /// A topic that has had its time to get its events up to a number.
    std::optional<nats_place> next_hole(time_point now);

private:
    struct due_topic {
        std::string topic;
        time_point at;
    };
    struct hole {
        nats_place place;
        time_point at;
    };

    void go_round(std::vector<std::string>& to, std::size_t most, std::uint64_t newest);

    std::set<std::string, std::less<>> topics_;
    std::set<std::string, std::less<>> suspects_;
    std::deque<due_topic> added_;
    std::deque<hole> holes_;
    std::string last_; ///< of the round
    bool is_in_round_ = false;
    std::uint64_t round_newest_ = 0; ///< when the round began
};

} // namespace crier::detail
