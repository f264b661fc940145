#pragma once

#include <crier/async/clock.hpp>
#include <crier/async/signal.hpp>
#include <crier/http/server.hpp>

#include "connection.hpp"
#include "listener.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <list>
#include <stop_token>
#include <vector>

namespace crier::detail {

/// One thread of a server: a context, listening sockets, and the connections that they accepted.
class worker {
public:
    /// Its options are checked.
    worker(const server_options& options, const server::handler& handle,
        std::atomic<std::size_t>& connections, std::vector<descriptor> sockets);
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker();

    boost::asio::io_context& context() noexcept { return io_; }

    void start_accepting();

    /// Runs the context until nothing is left, whatever its handlers throw.
    void run() noexcept;

    /// Accepts no more and ends idle connections, the others at the deadline. Once, by any thread.
    void shut_down(clock::duration deadline) noexcept;

private:
    struct connection {
        explicit connection(const connection_context& of) : state{of} {}

        connection_context state;
        boost::asio::cancellation_signal cancellation;
    };

    class connection_end;

    void take_in(stream_socket socket);
    void begin(stream_socket socket, bool is_one_too_many);
    void ended(std::list<connection>::iterator which) noexcept;
    void cancel(connection& one) noexcept;
    void cancel_all(bool idle_only) noexcept;
    void begin_shutdown() noexcept;
    void after(clock::duration time, void (worker::*then)() noexcept) noexcept;
    void cut() noexcept;
    void stop() noexcept;
    void one_ended() noexcept;

    const server_options& options_;
    const server::handler& handle_;
    std::atomic<std::size_t>& all_connections_;
    std::size_t refused_ = 0;
    /// Outlives the context: while that is destroyed, coroutines may still use their cancellation
    /// signals.
    std::list<connection> connections_;
    boost::asio::io_context io_{1};
    std::list<listener> listeners_;
    timer deadline_{io_};
    detached_streams streams_;
    signal told_to_end_{io_.get_executor()};
    clock::duration time_to_end_{};
    bool cannot_begin_ = false;
    bool ending_ = false;
    std::stop_source shutdown_;
    bool is_over_ = false;
};

} // namespace crier::detail
