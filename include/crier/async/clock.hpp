#pragma once

#include <crier/export.hpp>

#include <boost/asio/basic_waitable_timer.hpp>

#include <chrono>

namespace crier {

/// The clock of every timer in crier: `std::chrono::steady_clock`. crier's own tests can advance
/// it.
struct CRIER_EXPORT clock {
    using duration = std::chrono::steady_clock::duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<clock>;
    static constexpr bool is_steady = true;

    static time_point now() noexcept;
};

using timer = boost::asio::basic_waitable_timer<clock>;

} // namespace crier
