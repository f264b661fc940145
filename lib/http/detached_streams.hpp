#pragma once

#include <crier/pubsub/logger.hpp>

#include "poller.hpp"
#include "session.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

namespace crier::detail {

/// A stream that a handler leaves to the server.
struct detached_order {
    std::shared_ptr<manager_state> events;
    decision decided;
};

/// The streams of one thread that no handler waits for: of each only its session is kept.
class detached_streams final {
public:
    /// Each stream is one of the connections, which it is taken off at its end; `on_end` is called
    /// then.
    detached_streams(boost::asio::any_io_executor executor, logger log,
        std::atomic<std::size_t>& connections, std::function<void()> on_end);

    /// For streams of connections that others share alone.
    detached_streams(
        boost::asio::any_io_executor executor, logger log, std::function<void()> on_end);
    detached_streams(const detached_streams&) = delete;
    detached_streams& operator=(const detached_streams&) = delete;
    ~detached_streams();

    bool empty() const noexcept { return open_ == 0; }

    /// Takes over the socket, and its place among the connections, and answers the request on it.
    /// Where it throws, no stream has begun, and the place is not taken over; the socket may be
    /// closed by then.
    void begin(connection_stream& from, detached_order ordered);

    /// The same on a stream of a connection that others share, and that is not taken over.
    void begin(std::shared_ptr<sink> to, detached_order ordered);

    /// Ends all of them, properly where that takes no waiting.
    void cut() noexcept;

    /// The same, and no stream begins any more.
    void end() noexcept;

private:
    /// Of the streams with a connection of their own, or of the others.
    class stream_end final : public session_end {
    public:
        stream_end(detached_streams& all, bool has_connection) noexcept
            : all_{all}, has_connection_{has_connection} {}

        void ended(end_reason reason, const std::exception_ptr& failure) noexcept override;
        void abandoned() noexcept override;

    private:
        detached_streams& all_;
        const bool has_connection_;
    };

    void begin(std::shared_ptr<sink> to, detached_order ordered, stream_end& then);
    bool has(const session& which) const noexcept {
        return which.belongs_to(with_connection_) || which.belongs_to(on_shared_);
    }

    const boost::asio::any_io_executor executor_;
    const logger log_;
    std::atomic<std::size_t>* const connections_ = nullptr;
    const std::function<void()> on_end_;
    const std::shared_ptr<poller> poller_; ///< none where all connections are shared
    stream_end with_connection_{*this, true};
    stream_end on_shared_{*this, false};
    std::size_t open_ = 0;
    bool is_over_ = false;
};

} // namespace crier::detail
