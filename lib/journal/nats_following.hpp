#pragma once

#include "nats_messages.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crier::detail {

/// A topic, and a number up to which something holds.
struct nats_place {
    std::string topic;
    std::uint64_t through = 0;
};

/// Decides by their numbers which arrivals of which topics are told.
///
/// That a topic is followed is held back for a moment, if its number is above all that were told:
/// events of other topics with lower numbers may still be on their way.
class nats_following {
public:
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::milliseconds held_for{20};

    enum class fate : std::uint8_t {
        drop, ///< it was told, or nobody follows
        tell,
        fill, ///< tell what is missing before it, and then it
    };
    struct verdict {
        fate does = fate::drop;
        /// First tell that the topic is followed, from there, and note that.
        std::optional<std::uint64_t> followed{};
    };

    /// A topic is going to be followed, anew if it is. Its first arrival begins it, or `begin`.
    void start(std::string_view topic);

    /// What a topic had through the number was kept before it was followed.
    void begin(std::string_view topic, std::uint64_t through, time_point now);

    void stop(std::string_view topic);

    verdict take(std::string_view topic, const nats_numbers& arrived);

    /// All of a topic was told up to there.
    void note(std::string_view topic, std::uint64_t through);

    /// The next topic to tell of that it is followed, from there; none at that time. It is the same
    /// one until that is noted.
    std::optional<nats_place> next_followed(time_point now);

    /// It was told that the topic is followed.
    void note_followed(std::string_view topic) noexcept;

    /// When to ask for the next; none: nothing is held back.
    std::optional<time_point> held_until() const;

    /// Up to where a topic was told. None: it is not followed, or that is still to be told.
    std::optional<std::uint64_t> through(std::string_view topic) const;

    /// All topics that are followed.
    std::vector<nats_place> all() const;

private:
    enum class state : std::uint8_t { starting, held, followed };
    struct topic_place {
        state is = state::starting;
        std::uint64_t through = 0;
    };
    struct held_topic {
        std::string topic;
        time_point until;
    };

    std::map<std::string, topic_place, std::less<>> topics_;
    std::deque<held_topic> held_; ///< some may be held no more
    std::uint64_t newest_ = 0;    ///< that was told
};

} // namespace crier::detail
