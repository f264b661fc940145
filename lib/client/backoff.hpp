#pragma once

#include "async/durations.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

namespace crier::detail {

/// How long to wait before the next connection. Never less than the reconnection time; the rest,
/// which grows with each failure in a row, is spread at random, so that clients which a server has
/// lost together do not come back together.
class backoff {
public:
    using milliseconds = std::chrono::milliseconds;

    static constexpr milliseconds longest_wait = never;
    static constexpr milliseconds longest_retry_after = std::chrono::hours{1};

    backoff(milliseconds limit, std::function<double()> random)
        : limit_{limit}, random_{std::move(random)} {}

    /// An event has come: what comes now is no failure in a row.
    void reset() noexcept { failures_ = 0; }

    milliseconds next(
        milliseconds reconnection_time, std::optional<milliseconds> retry_after = {}) {
        const milliseconds least = std::clamp(reconnection_time, milliseconds{0}, longest_wait);
        const auto spread = static_cast<double>((most(least) - least).count());
        const milliseconds wait =
            least + milliseconds{static_cast<std::int64_t>(spread * random_())};
        ++failures_;
        return std::max(wait, std::min(retry_after.value_or(wait), longest_retry_after));
    }

private:
    milliseconds most(milliseconds least) const {
        if (failures_ == 0) {
            return least + least / 5;
        }
        constexpr milliseconds smallest_step{100};
        constexpr unsigned most_doublings = 32;
        const milliseconds step = std::max(least, smallest_step);
        const auto factor = std::int64_t{1} << std::min(failures_, most_doublings);
        return std::max(least, step > limit_ / factor ? limit_ : step * factor);
    }

    milliseconds limit_;
    std::function<double()> random_;
    unsigned failures_ = 0;
};

} // namespace crier::detail
