#pragma once

#include <crier/async/clock.hpp>
#include <crier/async/signal.hpp>
#include <crier/http/server.hpp>

#include "async/alarms.hpp"
#include "connection.hpp"
#include "operation_memory.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <list>
#include <memory>

namespace crier::detail {

/// One thread of a server: a context, a listening socket, and the connections that it accepted.
class worker {
public:
    /// Its options are checked.
    worker(const server_options& options, const server::handler& handle,
        std::atomic<std::size_t>& connections,
        boost::asio::ip::tcp::acceptor::protocol_type protocol);
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker();

    boost::asio::io_context& context() noexcept { return io_; }
    boost::asio::ip::tcp::acceptor& acceptor() noexcept { return acceptor_; }

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

    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> accept_some();
    void accept_waiting();
    void take_in(boost::asio::ip::tcp::socket socket);
    void begin(boost::asio::ip::tcp::socket socket, bool is_one_too_many);
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
    // Both outlive the context. When it is destroyed, the pending wait gives its memory back to the
    // first, and coroutines may still use their cancellation signals in the second.
    operation_memory<512> accept_memory_;
    std::list<connection> connections_;
    boost::asio::io_context io_{1};
    boost::asio::ip::tcp::acceptor acceptor_;
    timer deadline_{io_};
    detached_streams streams_;
    std::shared_ptr<alarms> alarms_ = std::make_shared<alarms>(io_.get_executor());
    signal told_to_end_{io_.get_executor()};
    clock::duration time_to_end_{};
    bool cannot_begin_ = false;
    bool ending_ = false;
    bool is_over_ = false;
};

} // namespace crier::detail
