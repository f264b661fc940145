#pragma once

#include <crier/async/detail/handler_memory.hpp>
#include <crier/http/sink.hpp>

#include "connection_stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace crier::detail {

class polled_sink;

/// The sockets of one thread's streams, in an epoll set of their own which Asio waits for. What
/// Asio keeps for each socket that it waits for itself would be half of an idle stream's memory.
class poller : public std::enable_shared_from_this<poller> {
public:
    explicit poller(const boost::asio::any_io_executor& executor);

    /// Tells the sink of each change of what its socket can do, until it is removed.
    void add(polled_sink& sink);
    void remove(polled_sink& sink) noexcept;

private:
    void wait();
    void poll();

    /// So that what waits for the set can always do so again.
    const std::shared_ptr<handler_memory<256>> wait_memory_ =
        std::make_shared<handler_memory<256>>();
    boost::asio::posix::stream_descriptor set_;
    std::size_t sockets_ = 0;
    bool waits_ = false;
};

/// A socket of its own, which a poller looks after. It is shut down and closed with the sink.
class polled_sink : public sink {
public:
    /// Takes the socket over.
    polled_sink(std::shared_ptr<poller> by, stream_socket& from);
    ~polled_sink() override;

    std::size_t write_some(buffers bytes, boost::system::error_code& error) final;
    void watch_peer() final;
    void cancel() final;
    void limit_buffering(std::size_t bytes, std::chrono::milliseconds longest) final;

protected:
    virtual std::size_t send(buffers bytes, boost::system::error_code& error) noexcept;
    virtual std::size_t receive(
        boost::asio::mutable_buffer into, boost::system::error_code& error) noexcept;

private:
    friend class poller;

    void on_ready(std::uint32_t events);
    void read();

    const std::shared_ptr<poller> poller_;
    const int socket_;
    bool is_watched_ = false;
    /// Until the kernel tells that there is room.
    bool is_full_ = false;
};

/// The same of an encrypted connection. What is not encrypted has no room for it.
class encrypted_polled_sink final : public polled_sink {
public:
    /// Takes over the socket, and what encrypts it.
    encrypted_polled_sink(std::shared_ptr<poller> by, connection_stream& from);
    ~encrypted_polled_sink() override;

    std::size_t in_flight() const noexcept override { return channel_->in_flight(); }

protected:
    std::size_t send(buffers bytes, boost::system::error_code& error) noexcept override;
    std::size_t receive(
        boost::asio::mutable_buffer into, boost::system::error_code& error) noexcept override;

private:
    const std::unique_ptr<encrypted_channel> channel_;
};

/// The sink that a connection needs, which it takes over.
std::shared_ptr<sink> make_polled_sink(std::shared_ptr<poller> by, connection_stream& from);

} // namespace crier::detail
