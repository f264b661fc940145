#pragma once

#include <crier/async/clock.hpp>

#include <algorithm>
#include <chrono>

namespace crier::detail {

/// A time that can be added to the clock's: a hundred years are as good as any longer time.
inline clock::duration within_years(std::chrono::milliseconds time) noexcept {
    using namespace std::chrono;
    return std::min<milliseconds>(time, hours{24} * 365 * 100);
}

} // namespace crier::detail
