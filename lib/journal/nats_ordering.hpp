#pragma once

#include "nats_received.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace crier::detail {

/// Puts messages in the order of their numbers, as far as a moment allows: a server sends those of
/// several publishers on in nearly, but not quite, the order in which it has numbered them. One
/// with the next number goes on at once. Before others there may be some, or numbers of topics that
/// are not followed.
class nats_ordering {
public:
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::milliseconds held_for{5};

    void push(std::uint64_t number, nats_received message, time_point now) {
        if (waiting_.try_emplace(number, std::move(message)).second) {
            due_.push_back({number, now + held_for});
        }
    }

    /// The next message whose turn it is.
    std::optional<nats_received> next(time_point now) {
        while (!due_.empty() && due_.front().at <= now) {
            due_through_ = std::max(due_through_, due_.front().number);
            due_.pop_front();
        }
        if (waiting_.empty()) {
            due_.clear();
            return std::nullopt;
        }
        const auto first = waiting_.begin();
        if (first->first > std::max(newest_ + 1, due_through_)) {
            return std::nullopt;
        }
        note(first->first);
        return std::move(waiting_.extract(first).mapped());
    }

    /// All up to that number has gone on.
    void note(std::uint64_t number) noexcept { newest_ = std::max(newest_, number); }

    /// When to ask for the next; none: nothing is held.
    std::optional<time_point> held_until() const {
        return due_.empty() ? std::nullopt : std::optional{due_.front().at};
    }

private:
    struct due {
        std::uint64_t number;
        time_point at;
    };

    std::map<std::uint64_t, nats_received> waiting_;
    std::deque<due> due_; ///< some may have gone on
    std::uint64_t due_through_ = 0;
    std::uint64_t newest_ = 0; ///< that has gone on
};

} // namespace crier::detail
