#pragma once

#include <crier/http/sink.hpp>
#include <crier/pubsub/clock.hpp>

#include "deadline.hpp"
#include "pubsub/backlog.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string_view>

namespace crier::detail {

/// The writing end of one stream: its sink, and the one timer for heartbeat and stalled peer.
/// Whoever waits attaches the signal that it waits for; what else happens cancels that wait.
class stream_state : public std::enable_shared_from_this<stream_state> {
public:
    stream_state(std::shared_ptr<sink> to, coding as, const boost::asio::any_io_executor& executor,
        clock::duration interval);
    stream_state(const stream_state&) = delete;
    stream_state& operator=(const stream_state&) = delete;
    ~stream_state();

    coding get_coding() const noexcept { return coding_; }
    clock::duration interval() const noexcept { return deadline_.interval(); }

    void attach(signal* wake) noexcept;

    /// Watches the peer and the time from here on.
    void begin();

    /// Writes what the sink takes at once. What goes wrong is told by `failure`.
    std::size_t write_some(sink::buffers bytes);

    /// As of the sink.
    std::size_t in_flight() const noexcept { return sink_->in_flight(); }

    /// Writes all of it. Errors: throws what `failure` tells.
    boost::asio::awaitable<void> write_all(std::string_view bytes);

    /// Waits until something may have changed for a write that is blocked.
    boost::asio::awaitable<void> wait_ready();

    /// Why the stream cannot go on, if so.
    boost::system::error_code failure() const noexcept;

    bool heartbeat_due() const noexcept;

    /// To be called before each wait.
    void arm_timer();

    /// Ends all waiting of the sink, and waits for its handlers to be gone.
    boost::asio::awaitable<void> close();

private:
    void on_timer();
    static boost::asio::awaitable<void> wait_for_handlers(std::shared_ptr<stream_state> self);

    const std::shared_ptr<sink> sink_;
    const boost::asio::any_io_executor executor_;
    const coding coding_;
    bool armed_ = false;
    deadline deadline_;
    timer timer_;
    signal* wake_ = nullptr;
    boost::system::error_code write_error_;
};

/// Attaches a signal for as long as it lives, and nothing after.
class attachment {
public:
    attachment(stream_state& to, signal& wake) : to_{to} { to_.attach(&wake); }
    attachment(const attachment&) = delete;
    attachment& operator=(const attachment&) = delete;
    ~attachment() { to_.attach(nullptr); }

private:
    stream_state& to_;
};

} // namespace crier::detail
