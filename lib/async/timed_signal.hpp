#pragma once

#include <crier/async/clock.hpp>
#include <crier/async/detail/wakeable.hpp>
#include <crier/async/signal.hpp>

#include "alarms.hpp"
#include "durations.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <new>
#include <utility>

namespace crier::detail {

template <class Handler>
struct uncancelled {
    using executor_type = boost::asio::any_io_executor;

    Handler handler;

    executor_type get_executor() const noexcept {
        return boost::asio::get_associated_executor(handler);
    }
    void operator()(boost::system::error_code) { std::move(handler)(); }
};

struct begin_uncancelled {
    signal& on;

    template <class Handler>
    void operator()(Handler&& handler) const {
        on.async_wait(uncancelled<std::decay_t<Handler>>{std::forward<Handler>(handler)});
    }
};

/// A coroutine's wait for a signal that no cancellation ends, and that thus needs no memory to
/// begin: a coroutine whose wait cannot begin is destroyed.
inline auto wait_uncancelled(signal& awaited) {
    return boost::asio::async_initiate<const boost::asio::deferred_t, void()>(
        begin_uncancelled{awaited}, boost::asio::deferred);
}

/// A signal that a time sets too. All that it ever needs it takes when it is made, and it keeps its
/// context at work.
class timed_signal final : private wakeable {
public:
    /// Throws `std::bad_alloc`.
    explicit timed_signal(const boost::asio::any_io_executor& executor)
        : alarms_{std::make_shared<alarms>(executor)}, signal_{executor} {
        if (!alarms_->set(standing_, clock::now() + never)) {
            throw std::bad_alloc{};
        }
    }
    timed_signal(const timed_signal&) = delete;
    timed_signal& operator=(const timed_signal&) = delete;
    ~timed_signal() {
        alarms_->clear(alarm_);
        alarms_->clear(standing_);
    }

    /// Instead of at the time that was set before. On the executor.
    void set_at(clock::time_point at) noexcept {
        if (!alarms_->set(alarm_, at)) {
            wake(); // early is better than never
        }
    }

    void set() { signal_.set(); }

    /// For further times on the same executor, which need no memory either.
    alarms& timing() noexcept { return *alarms_; }

    /// Wait for it by `wait_uncancelled`.
    signal& get() noexcept { return signal_; }

private:
    void wake() override { signal_.set(); }

    const std::shared_ptr<alarms> alarms_;
    signal signal_;
    /// Never rings: a timer that waits already needs no memory to wait for another time.
    alarm standing_{*this};
    alarm alarm_{*this};
};

} // namespace crier::detail
