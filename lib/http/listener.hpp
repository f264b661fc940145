#pragma once

#include <crier/pubsub/logger.hpp>

#include "async/alarms.hpp"
#include "async/descriptor.hpp"
#include "async/stream_socket.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>

namespace crier::detail {

/// A listening socket on a thread, whose connections it gives to a taker. What the taker throws is
/// logged, as is whatever else keeps it from accepting; then it goes on after a pause.
class listener {
public:
    using taker = std::function<void(stream_socket)>;

    /// `socket` listens and does not block.
    listener(boost::asio::io_context& io, descriptor socket, const logger& log, taker take);

    /// `kept` lives until nothing uses this any more.
    void start(std::shared_ptr<void> kept = {});

    /// Accepts no more.
    void close() noexcept;

private:
    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> accept_some();
    void accept_waiting();

    boost::asio::io_context& io_;
    const logger& log_;
    const taker take_;
    const boost::asio::generic::stream_protocol protocol_;
    boost::asio::posix::stream_descriptor socket_;
    const std::shared_ptr<alarms> alarms_;
    const std::shared_ptr<small_handler_memory> turn_memory_ =
        std::make_shared<small_handler_memory>();
};

} // namespace crier::detail
