#pragma once

#include <crier/http/sink.hpp>

#include "async/stream_socket.hpp"
#include "encryption.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace crier::detail {

/// A connection of a server: a socket, and what encrypts it, if anything does. It does what a
/// `socket_sink` asks of a socket.
class connection_stream {
public:
    using executor_type = stream_socket::executor_type;
    using error_code = boost::system::error_code;

    /// Lifetime: the socket must outlive it.
    explicit connection_stream(stream_socket& socket) noexcept : socket_{socket} {}

    /// Throws `std::bad_alloc`, and `system_error` where the socket has gone.
    void encrypt_by(const encryption& all) {
        socket_.native_non_blocking(true);
        channel_ = all.accept(socket_.native_handle());
    }

    executor_type get_executor() const { return socket_.get_executor(); }
    stream_socket& socket() const noexcept { return socket_; }
    /// None: it is not encrypted.
    encrypted_channel* channel() const noexcept { return channel_.get(); }

    /// As `exchange::peer`.
    std::string peer() const;

    /// None: it is not encrypted.
    std::optional<tls_state> tls() const {
        return channel_ ? std::optional{channel_->state()} : std::nullopt;
    }

    /// For who takes over the socket, too.
    std::unique_ptr<encrypted_channel> take_channel() noexcept { return std::move(channel_); }

    std::size_t read_some(boost::asio::mutable_buffer into, error_code& error) {
        return channel_ ? channel_->read_some(into, error) : socket_.read_some(into, error);
    }
    std::size_t write_some(sink::buffers bytes, error_code& error) {
        return channel_ ? channel_->write_some(bytes, error) : socket_.write_some(bytes, error);
    }
    std::size_t in_flight() const noexcept { return channel_ ? channel_->in_flight() : 0; }

    bool non_blocking() const { return socket_.non_blocking(); }
    void non_blocking(bool is, error_code& error) { socket_.non_blocking(is, error); }
    void non_blocking(bool is) { socket_.non_blocking(is); }
    stream_socket::native_handle_type native_handle() { return socket_.native_handle(); }
    void cancel(error_code& error) { socket_.cancel(error); }
    void wait(stream_socket::wait_type what) { socket_.wait(what); }
    template <class Token>
    auto async_wait(stream_socket::wait_type what, Token&& token) {
        return socket_.async_wait(what, std::forward<Token>(token));
    }

    /// Tells the peer that nothing follows.
    void shut_down() noexcept {
        if (channel_) {
            channel_->shut_down();
        }
        error_code ignored;
        socket_.shutdown(stream_socket::shutdown_send, ignored);
    }

private:
    stream_socket& socket_;
    std::unique_ptr<encrypted_channel> channel_;
};

/// What a socket is to be ready for, once a channel would block.
inline stream_socket::wait_type awaited_by(const encrypted_channel& channel) noexcept {
    return channel.waits_to_write() ? stream_socket::wait_write : stream_socket::wait_read;
}

} // namespace crier::detail
