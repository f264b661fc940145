#pragma once

#include <crier/async/signal.hpp>

#include "output.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string_view>

namespace crier::detail {

/// An output that a coroutine writes to, and the one timer for heartbeat and stalled peer. Whoever
/// waits attaches the signal that it waits for; what else happens cancels that wait.
class stream_state final : public output,
                           private wakeable,
                           public std::enable_shared_from_this<stream_state> {
public:
    stream_state(std::shared_ptr<sink> to, coding as, const boost::asio::any_io_executor& executor,
        clock::duration interval);
    stream_state(const stream_state&) = delete;
    stream_state& operator=(const stream_state&) = delete;
    ~stream_state() { to().cancel(); }

    void attach(signal* waiting) noexcept { waiting_ = waiting; }

    /// Watches the peer and the time from here on.
    void begin() { to().watch_peer(); }

    /// Writes all of it. Errors: throws what `failure` tells.
    boost::asio::awaitable<void> write_all(std::string_view bytes);

    /// Waits until something may have changed for a write that is blocked.
    boost::asio::awaitable<void> wait_ready();

    /// To be called before each wait.
    void arm_timer();

    /// Ends all waiting of the sink, and waits for its handlers to be gone.
    boost::asio::awaitable<void> close();

private:
    void wake() override;
    void on_timer();
    static boost::asio::awaitable<void> wait_for_handlers(std::shared_ptr<stream_state> self);

    const boost::asio::any_io_executor executor_;
    bool armed_ = false;
    timer timer_;
    signal* waiting_ = nullptr;
};

/// Attaches a signal for as long as it lives, and nothing after.
class attachment {
public:
    attachment(stream_state& to, signal& waiting) : to_{to} { to_.attach(&waiting); }
    attachment(const attachment&) = delete;
    attachment& operator=(const attachment&) = delete;
    ~attachment() { to_.attach(nullptr); }

private:
    stream_state& to_;
};

} // namespace crier::detail
