#pragma once

#include <crier/async/clock.hpp>
#include <crier/pubsub/topic_policy.hpp>
#include <crier/wire/frame.hpp>

#include "wire/memory_account.hpp"

#include <boost/container/deque.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace crier::detail {

/// An event as it is kept.
struct record {
    std::uint64_t sequence = 0;
    frame content{};
    clock::time_point at{};
};

/// A topic's recent events in their sequence, bounded by events, bytes and age. It says up to which
/// number it is not complete.
class history {
public:
    /// What came before is not kept. Whatever the limits, so many of the newest are.
    history(std::uint64_t since, const history_limits& limits, std::size_t at_least,
        memory_account_ptr account) noexcept
        : limits_{limits},
          at_least_{at_least},
          evicted_through_{since},
          account_{std::move(account)} {}
    history(const history&) = delete;
    history& operator=(const history&) = delete;
    ~history();

    void limit(const history_limits& limits) noexcept;

    /// Keeps at least so much, until the limits are set again.
    void hold(std::size_t events, std::size_t bytes) noexcept;
    bool keeps() const noexcept { return limits_.events > 0 || at_least_ > 0; }

    /// Adds an event. Nothing changes where it throws.
    void append(record added, bool has_own_id);
    void take_back_newest() noexcept;

    /// Lets go what the limits do not allow at that time.
    void evict(clock::time_point now) noexcept;
    void evict_oldest() noexcept;

    /// An event that is not kept, for whatever reason: what came before it cannot be gone on from.
    void miss(std::uint64_t sequence) noexcept;

    /// Up to which number events may be missing: all of them later than this one are here.
    std::uint64_t evicted_through() const noexcept { return evicted_through_; }

    /// The first event later than that; none if there is none.
    const record* first_after(std::uint64_t sequence) const noexcept;
    const record* newest() const noexcept { return records_.empty() ? nullptr : &records_.back(); }
    bool empty() const noexcept { return records_.empty(); }
    std::size_t size() const noexcept { return records_.size(); }
    std::size_t bytes() const noexcept { return bytes_; }

    /// The sequence number of the oldest event kept that was published with this id of the caller's
    /// own: who has received a later one gets some of them again, and nobody misses any.
    std::optional<std::uint64_t> find(std::string_view own_id) const noexcept;

private:
    void uncount(const record& gone) noexcept;

    history_limits limits_;
    std::size_t at_least_;
    boost::container::deque<record> records_;
    std::size_t room_ = 0; ///< counted for the deque's first block, which stays
    std::size_t bytes_ = 0;
    std::uint64_t evicted_through_;
    /// Views into the frames. Ordered, as many events may have one id.
    std::set<std::pair<std::string_view, std::uint64_t>> own_ids_;
    memory_account_ptr account_;
};

} // namespace crier::detail
