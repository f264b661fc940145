#pragma once

#include <crier/async/clock.hpp>
#include <crier/async/detail/handler_memory.hpp>
#include <crier/async/detail/wakeable.hpp>

#include "inline_executor.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/intrusive/set.hpp>

#include <atomic>
#include <memory>

namespace crier::detail {

/// Wakes somebody at a time, once. It stands in `alarms` until then, or until it is destroyed.
struct alarm : boost::intrusive::set_base_hook<boost::intrusive::optimize_size<true>,
                   boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    explicit alarm(wakeable& woken) noexcept : whom{woken} {}

    wakeable& whom;
    clock::time_point at{};

    friend bool operator<(const alarm& one, const alarm& other) noexcept {
        return one.at < other.at;
    }
};

/// The alarms of one executor, by a single timer: one per stream would take more memory than all
/// else that waits there.
class alarms : public std::enable_shared_from_this<alarms> {
public:
    explicit alarms(const boost::asio::any_io_executor& executor)
        : executor_{executor}, timer_{inline_executor::of(executor)} {}

    /// False: there is no memory, and it rings only once another one is set.
    bool set(alarm& added, clock::time_point at) noexcept;
    void clear(alarm& removed) noexcept;

private:
    using timer_in_place =
        boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, inline_executor>;

    bool wait() noexcept;
    void hand_over(bool is_time);
    void wait_is_over(bool is_time);
    void ring();

    const boost::asio::any_io_executor executor_;
    boost::intrusive::multiset<alarm, boost::intrusive::constant_time_size<false>> waiting_;
    timer_in_place timer_;
    clock::time_point waits_until_ = clock::time_point::max();
    /// One at a time: where the time changes, it ends and begins anew.
    std::atomic<bool> has_wait_{false};
    // So that there can always be a wait, and its end be told:
    handler_memory<256> wait_memory_;
    small_handler_memory end_memory_;
};

} // namespace crier::detail
