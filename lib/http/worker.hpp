#pragma once

#include <crier/async/clock.hpp>
#include <crier/async/signal.hpp>
#include <crier/http/server.hpp>

#include "connection.hpp"
#include "listener.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>

#include <atomic>
#include <list>
#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

namespace crier::detail {

/// One thread of a server: a context, listening sockets, and the connections that they accepted.
///
/// The program's own context may go on after the server. So what runs there keeps the server's
/// state, of which this is a part, or looks whether that is still there.
class worker {
public:
    /// Its options are checked. `programs`: the context that the program has; none: one of its own.
    worker(const server_options& options, const encryption* encrypted_by,
        const server::handler& handle, std::atomic<std::size_t>& connections,
        std::vector<descriptor> sockets, boost::asio::io_context* programs);
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker();

    boost::asio::io_context& context() noexcept { return io_; }

    /// Before anything else: what this is a part of.
    void live_in(const std::weak_ptr<void>& whole);

    void start_accepting();

    /// Runs the context until nothing is left, whatever its handlers throw.
    void run() noexcept;

    /// Accepts no more and ends idle connections, the others at the deadline. Once, by any thread.
    void shut_down(clock::duration deadline) noexcept;

    /// Ends all that it has on the program's context, which goes on without the server.
    void abandon() noexcept;

private:
    /// It lives as long as its coroutine, which may use the signal until it has gone.
    struct connection : boost::intrusive::list_base_hook<
                            boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
        connection(connection_context of, std::shared_ptr<void> whole)
            : kept{std::move(whole)}, state{std::move(of)} {}

        const std::shared_ptr<void> kept;
        connection_context state;
        boost::asio::cancellation_signal cancellation;
    };

    class connection_end;

    void take_in(stream_socket socket);
    void begin(stream_socket socket, bool is_one_too_many);
    void ended(connection& which) noexcept;
    void cancel(connection& one) noexcept;
    void cancel_all(bool idle_only) noexcept;
    void begin_shutdown() noexcept;
    void after(clock::duration time, void (worker::*then)() noexcept) noexcept;
    void cut() noexcept;
    void stop() noexcept;
    void one_ended() noexcept;
    std::shared_ptr<void> kept() const noexcept;

    const server_options& options_;
    const encryption* const encrypted_by_;
    const server::handler& handle_;
    std::atomic<std::size_t>& all_connections_;
    std::size_t refused_ = 0;
    // These outlive the context, with which connections may go:
    handshake_room handshakes_;
    boost::intrusive::list<connection, boost::intrusive::constant_time_size<false>> connections_;
    std::weak_ptr<void> whole_;
    const std::unique_ptr<boost::asio::io_context> own_io_; ///< none on the program's
    boost::asio::io_context& io_;
    const std::shared_ptr<alarms> alarms_ = std::make_shared<alarms>(io_.get_executor());
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
