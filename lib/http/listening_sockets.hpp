#pragma once

#include <crier/http/server.hpp>

#include "async/descriptor.hpp"
#include "socket_file.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace crier::detail {

/// The sockets that a server listens on, opened as its options say. All are closed in programs that
/// this one executes.
class listening_sockets {
public:
    /// Errors: those of `server`.
    explicit listening_sockets(const server_options& options);

    /// What one of the threads listens on. TCP sockets share a port among threads, and the kernel
    /// spreads connections over them; any other socket is one and the same on all threads.
    std::vector<descriptor> take(std::size_t thread) { return std::move(by_thread_.at(thread)); }

    /// Of the first TCP socket.
    const boost::asio::ip::tcp::endpoint& local_endpoint() const noexcept { return first_; }

private:
    void share(descriptor socket);
    void listen_on_addresses(const server_options& options);
    void listen_on_all(const server_options& options);

    std::vector<std::vector<descriptor>> by_thread_;
    boost::asio::ip::tcp::endpoint first_;
    socket_file file_;
};

} // namespace crier::detail
