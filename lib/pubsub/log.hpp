#pragma once

#include <crier/async/clock.hpp>
#include <crier/pubsub/topic_policy.hpp>
#include <crier/wire/frame.hpp>

#include <boost/container/deque.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace crier::detail {

struct name_hash : std::hash<std::string_view> {
    using is_transparent = void;
};

/// An event as it is kept.
struct record {
    std::uint64_t sequence = 0;
    frame content{};
    std::string key{};
    clock::time_point at{};
};

/// A topic's recent events in their sequence, bounded by events, bytes and age. It says up to which
/// number it is not complete.
class log {
public:
    /// What came before is not kept. Whatever the limits, so many of the newest are.
    log(std::uint64_t since, const history_limits& limits, std::size_t at_least) noexcept
        : limits_{limits}, at_least_{at_least}, evicted_through_{since} {}

    void limit(const history_limits& limits) noexcept;

    /// Keeps at least so much, until the limits are set again.
    void hold(std::size_t events, std::size_t bytes) noexcept;
    bool keeps() const noexcept { return limits_.events > 0 || at_least_ > 0; }

    /// Adds an event, and lets go what the limits do not allow any more.
    void append(record added, bool has_own_id);

    /// An event that is not kept, for whatever reason: what came before it cannot be gone on from.
    void miss(std::uint64_t sequence) noexcept;

    /// Lets go what is too old.
    void evict_until(clock::time_point now) noexcept;
    void evict_oldest() noexcept;

    /// Up to which number events may be missing: all of them later than this one are here.
    std::uint64_t evicted_through() const noexcept { return evicted_through_; }

    /// The first event later than that; none if there is none.
    const record* first_after(std::uint64_t sequence) const noexcept;
    const record* newest() const noexcept { return records_.empty() ? nullptr : &records_.back(); }
    bool empty() const noexcept { return records_.empty(); }
    std::size_t size() const noexcept { return records_.size(); }
    std::size_t bytes() const noexcept { return bytes_; }

    /// The sequence number of the oldest event that was published with this id of the caller's own:
    /// who has received a later one gets some of them again.
    std::optional<std::uint64_t> find(std::string_view own_id) const;

private:
    bool is_over() const noexcept;

    history_limits limits_;
    std::size_t at_least_;
    boost::container::deque<record> records_;
    std::size_t bytes_ = 0;
    std::uint64_t evicted_through_;
    std::unordered_map<std::string, std::uint64_t, name_hash, std::equal_to<>> own_ids_;
};

/// The newest event of each key, in the order of their sequence.
class last_values {
public:
    explicit last_values(std::size_t most) noexcept : most_{most} {}

    /// Of too many keys the one goes that was published least recently.
    void put(record added);
    void erase(std::string_view key) noexcept;
    void evict_oldest() noexcept;

    const record* first_after(std::uint64_t sequence) const noexcept;
    std::size_t size() const noexcept { return by_sequence_.size(); }
    bool empty() const noexcept { return by_sequence_.empty(); }

private:
    std::size_t most_;
    std::map<std::uint64_t, record> by_sequence_;
    std::unordered_map<std::string_view, std::uint64_t> by_key_; ///< views into the records
};

} // namespace crier::detail
