#pragma once

#include <crier/pubsub/logger.hpp>

#include "poller.hpp"
#include "session.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/intrusive/list.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

namespace crier::detail {

/// A stream that a handler leaves to the server.
struct detached_order {
    std::shared_ptr<core> events;
    decision decided;
};

/// The streams of one thread that no coroutine waits for: of each only its session is kept.
class detached_streams {
public:
    /// Each stream counts as a connection; `on_end` is called after its end.
    detached_streams(boost::asio::any_io_executor executor, logger log,
        std::atomic<std::size_t>& connections, std::function<void()> on_end);
    detached_streams(const detached_streams&) = delete;
    detached_streams& operator=(const detached_streams&) = delete;
    ~detached_streams();

    bool empty() const noexcept { return streams_.empty(); }

    /// Takes the socket over, and answers the request on it.
    void begin(boost::asio::ip::tcp::socket& from, detached_order ordered);

    /// Ends all of them, properly where that takes no waiting.
    void cut();

private:
    /// Keeps a session, which keeps it, until the end.
    class stream final : public session_end,
                         public boost::intrusive::list_base_hook<
                             boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    public:
        stream(detached_streams& owner, std::shared_ptr<session> kept);
        stream(const stream&) = delete;
        stream& operator=(const stream&) = delete;
        ~stream() override { --connections_; }

        session& get() const noexcept { return *session_; }
        void let_go();
        void operator()(end_reason reason, std::exception_ptr failure) override;

    private:
        detached_streams& owner_;
        /// What heals a gap may keep the session longer than the owner lives.
        std::atomic<std::size_t>& connections_;
        std::shared_ptr<session> session_;
    };

    const boost::asio::any_io_executor executor_;
    const logger log_;
    std::atomic<std::size_t>& connections_;
    const std::function<void()> on_end_;
    const std::shared_ptr<poller> poller_;
    boost::intrusive::list<stream, boost::intrusive::constant_time_size<false>> streams_;
};

} // namespace crier::detail
