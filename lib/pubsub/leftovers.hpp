#pragma once

#include <crier/pubsub/hub.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <cstddef>
#include <functional>

namespace crier::detail {

/// What a shutdown waits for: streams that have not ended, and polling that runs. Thread-safe.
class leftovers {
    /// There is one thing to wait for.
    enum class end : bool { of_all };
    using all_waits = hub<end, std::hash<end>>;

public:
    using wait = all_waits::subscription;

    explicit leftovers(const boost::asio::any_io_executor& executor) : waits_{executor} {}

    void add() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }

    void remove() noexcept {
        if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            end_waits();
        }
    }

    /// From here on what is there is all that is waited for. Once.
    void begin_end() noexcept { remove(); }

    /// Whether the caller is the first, whose deadline holds.
    bool take_deadline() noexcept { return !has_deadline_.exchange(true); }

    /// Waits of it end with `errc::closed` once nothing is left, or nobody waits any longer.
    wait wait_on(const boost::asio::any_io_executor& executor) {
        return waits_.subscribe(end::of_all, executor);
    }

    void end_waits() noexcept { waits_.close(); }

private:
    /// One more before the end has begun.
    std::atomic<std::size_t> count_{1};
    std::atomic<bool> has_deadline_{false};
    all_waits waits_;
};

} // namespace crier::detail
