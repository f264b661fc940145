#pragma once

#include <algorithm>
#include <chrono>

namespace crier::detail {

/// As good as never: a hundred years, which still can be added to any time of a clock.
inline constexpr std::chrono::milliseconds never = std::chrono::hours{24} * 365 * 100;

/// A duration of somebody's options: zero or less means the default, the greatest of all never.
constexpr std::chrono::milliseconds in_range(
    std::chrono::milliseconds given, std::chrono::milliseconds by_default) noexcept {
    return given.count() > 0 ? std::min(given, never) : by_default;
}

} // namespace crier::detail
