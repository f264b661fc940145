#pragma once

#include "nats_following.hpp"
#include "nats_looking.hpp"
#include "nats_received.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <variant>

namespace crier::detail {

/// What waits for the thread that tells of arrivals, in the order in which it came. What there is
/// no room for is lost, and its subject is noted.
class nats_deliveries {
public:
    using time_point = std::chrono::steady_clock::time_point;

    struct limits {
        std::size_t messages = 100'000;
        std::size_t bytes = std::size_t{64} * 1'024 * 1'024;
    };

    /// A topic is going to be followed.
    struct start {
        std::string topic;
    };
    struct stop {
        std::string topic;
    };
    /// `nats_place`: a topic is followed, from there.
    using item = std::variant<nats_received, start, nats_place, stop, nats_sight>;

    explicit nats_deliveries(limits most) noexcept : most_{most} {}

    void push(nats_received message) noexcept;
    void push(item&& added);

    /// Messages of a subject were lost on their way here.
    void note_lost(std::string_view subject) noexcept;

    /// Lets the next `wait` return at once.
    void wake() noexcept;

    /// Waits for something to take, until then.
    void wait(time_point until);

    struct taken {
        std::deque<item> items{};
        std::set<std::string> lost{}; ///< subjects
        bool has_lost_all = false;    ///< it is not known which
    };
    taken take() noexcept;

private:
    const limits most_;
    std::mutex lock_;
    std::condition_variable changed_;
    bool is_woken_ = false;
    taken waiting_;
    std::size_t messages_ = 0;
    std::size_t bytes_ = 0;
};

} // namespace crier::detail
