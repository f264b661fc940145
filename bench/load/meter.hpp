#pragma once

#include "load/fanout.hpp"
#include "load/histogram.hpp"
#include "load/order.hpp"

#include <cstdint>

namespace bench::load {

/// Counts what all streams receive.
class meter {
public:
    struct counts {
        std::uint64_t deliveries = 0;
        std::int64_t lost = 0;
        std::uint64_t duplicates = 0;
        std::uint64_t reordered = 0;
        std::uint64_t bytes = 0;
        std::uint64_t gaps = 0;
        std::uint64_t unnumbered = 0;
        std::uint64_t publishes = 0;
    };

    meter(std::uint32_t streams, std::uint32_t topics) : fanout_{streams, topics} {}

    /// From now on it counts, from zero.
    void begin(std::uint64_t time);

    /// What a stream of this topic has received.
    void event(std::uint32_t topic, order& stream, std::uint64_t number, std::uint64_t sent,
        std::uint64_t received) noexcept;
    void bytes(std::uint64_t size) noexcept { counts_.bytes += size; }
    void gap() noexcept { ++counts_.gaps; }
    void unnumbered() noexcept { ++counts_.unnumbered; }

    const counts& counted() const noexcept { return counts_; }
    const histogram& latency() const noexcept { return latency_; }
    const histogram& spread() const noexcept { return spread_; }

private:
    counts counts_;
    histogram latency_;
    histogram spread_;
    fanout fanout_;
};

} // namespace bench::load
