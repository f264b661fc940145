#pragma once

#include "counters.hpp"
#include "log.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace crier::detail {

class shard;
struct lane;
struct polling_run;

/// What a topic published last, to be compared with what comes next.
struct last_value {
    std::string type;
    std::variant<std::string, boost::json::value> data;

    friend bool operator==(const last_value&, const last_value&) = default;
};

/// What a topic is from its beginning to its end.
struct topic_settings {
    bool only_changes = false;
    history_limits history{};
    retention retain = retention::none;
    std::optional<queue_limits> queue{};
    /// Of events that are published without one.
    std::string type{};
    /// Of the polling that its first subscriber brings.
    std::chrono::milliseconds linger{};

    bool keeps() const noexcept { return history.events > 0 || retain != retention::none; }
};

/// One life of a topic: while it has subscribers, is polled, or keeps events. Guarded by its core's
/// mutex, but for what is constant.
struct topic {
    struct home {
        std::shared_ptr<shard> on;
        std::shared_ptr<lane> in;
        std::size_t members = 0;
    };
    using schedule = std::multimap<clock::time_point, std::shared_ptr<topic>>;

    /// The history is complete for what comes after the sequence number.
    topic(std::string called, topic_settings settings, std::uint64_t since, std::size_t keys_limit)
        : name{std::move(called)},
          as{std::move(settings)},
          kept{since, as.history, as.retain == retention::newest ? 1U : 0U} {
        if (as.retain == retention::newest_per_key) {
            values.emplace(keys_limit);
        }
    }

    bool keeps_something() const noexcept { return !kept.empty() || (values && !values->empty()); }

    const std::string name;
    const topic_settings as;
    std::size_t subscribers = 0;
    std::uint64_t last_join = 0;
    std::uint64_t last_publish = 0;
    std::shared_ptr<const last_value> last;
    std::shared_ptr<polling_run> polling;
    const std::shared_ptr<counters> counts = std::make_shared<counters>();
    boost::container::small_vector<home, 1> homes;

    log kept;
    std::optional<last_values> values;
    /// How many subscribers read back at present.
    std::size_t readers = 0;
    /// How often its streams were ended.
    std::uint64_t cuts = 0;
    /// Since when it has no subscriber, and when it was last published to.
    clock::time_point left_at{};
    clock::time_point used_at{};
    /// Its place among those that keep something, the least recently used first.
    std::optional<std::list<topic*>::iterator> recency;
    /// When it is to be looked at again, without subscribers.
    std::optional<schedule::iterator> due;
};

/// What a subscriber reads back before it gets what is published from then on.
struct reading_back {
    struct source {
        std::shared_ptr<topic> of;
        bool is_values = false; ///< the newest of each key, not the history
        std::uint64_t after = 0;
        std::uint64_t cuts = 0;

        const record* next() const noexcept {
            return is_values && of->values ? of->values->first_after(after)
                                           : of->kept.first_after(after);
        }
    };

    /// The source whose next event comes first; none at the end.
    const source* earliest() const noexcept {
        const source* first = nullptr;
        std::uint64_t least = 0;
        for (const source& each : sources) {
            const record* const next = each.next();
            if (next != nullptr && (first == nullptr || next->sequence < least)) {
                first = &each;
                least = next->sequence;
            }
        }
        return first;
    }

    /// Takes an event for read, whichever of the topic's sources it was in.
    void pass(const topic& of, std::uint64_t sequence) noexcept {
        for (source& each : sources) {
            if (each.of.get() == &of && each.after < sequence) {
                each.after = sequence;
            }
        }
    }

    boost::container::small_vector<source, 2> sources;
};

} // namespace crier::detail
