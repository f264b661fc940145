#include "output.hpp"

#include <crier/wire/errc.hpp>

#include <boost/asio/error.hpp>

#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;

/// What an error of the connection says about the client.
boost::system::error_code meaning(const boost::system::error_code& error) {
    if (error == asio::error::eof || error == asio::error::connection_reset ||
        error == asio::error::broken_pipe || error == asio::error::connection_aborted) {
        return errc::client_left;
    }
    return error == asio::error::timed_out ? errc::stalled : error;
}

} // namespace

output::output(
    std::shared_ptr<sink> to, std::chrono::milliseconds interval, std::size_t send_buffer)
    : sink_{std::move(to)}, due_{interval, clock::now()} {
    sink_->limit_buffering(send_buffer, interval);
    sink_->attach(this);
}

std::size_t output::write_some(sink::buffers bytes, clock::time_point now) {
    boost::system::error_code error;
    const std::size_t written = sink_->write_some(bytes, error);
    if (written > 0) {
        due_.wrote(now);
    } else if (error == asio::error::would_block) {
        due_.blocked(now);
    } else {
        write_error_ = error;
    }
    return written;
}

boost::system::error_code output::failure(clock::time_point now) const noexcept {
    if (write_error_) {
        return meaning(write_error_);
    }
    if (sink_->peer_error()) {
        return meaning(sink_->peer_error());
    }
    return due_.at(now) == deadline::due::stalled ? errc::stalled : boost::system::error_code{};
}

} // namespace crier::detail
