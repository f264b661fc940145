#pragma once

#include <crier/export.hpp>
#include <crier/http/access_record.hpp>
#include <crier/http/exchange.hpp>
#include <crier/http/gate.hpp>
#include <crier/http/http2.hpp>
#include <crier/http/tls.hpp>
#include <crier/pubsub/logger.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace crier {

struct server_options {
    /// Numeric addresses and host names to listen on. A name stands for all its addresses that this
    /// machine has: "localhost" for 127.0.0.1 and ::1. The constructor waits for names to be
    /// resolved. None: only `unix_socket`.
    std::vector<std::string> addresses{"127.0.0.1"};
    std::uint16_t port = 8080; ///< of all addresses; 0: any free port
    /// The path of a Unix socket to listen on, too. Its file is removed with the server; one that a
    /// killed process has left is replaced. Empty: none.
    std::string unix_socket{};
    unsigned unix_mode = 0660; ///< who may connect there: the permissions of its file
    /// Sockets that listen already, such as `passed_sockets()`. The server takes them over. If
    /// there are any, it opens none of its own.
    std::vector<int> sockets{};
    unsigned threads = 1; ///< each with an `io_context` and, for TCP, listening sockets of its own
    /// More connections are answered with 503: 256 at a time on each thread, any more are closed. A
    /// connection for which there is no memory is closed, too.
    std::size_t max_connections = 20'000;
    /// How long a request's header may take, and then its body, however it comes. The time for the
    /// first header begins with the connection, for a later one with its first byte. Zero or less
    /// means the default, `milliseconds::max()` never.
    std::chrono::milliseconds header_timeout = std::chrono::seconds{5};
    /// How long a connection is kept for a further request. Zero or less means the default,
    /// `milliseconds::max()` for ever.
    std::chrono::milliseconds idle_timeout = std::chrono::seconds{60};
    /// How long a response that is no stream may take to be sent. Zero or less means the default,
    /// `milliseconds::max()` never.
    std::chrono::milliseconds response_timeout = std::chrono::seconds{30};
    std::size_t body_bytes = std::size_t{64} * 1024; ///< a larger one is answered with 413
    gate_limits limits{};
    /// With these, all connections are encrypted: the server speaks https. One too many is closed
    /// without a word.
    std::optional<tls_server_options> tls{};
    /// With these, clients may speak HTTP/2: on encrypted connections those that offer "h2", on
    /// others those that begin with it. None: HTTP/1.1 alone.
    std::optional<http2_options> http2 = http2_if_built();
    /// Changes the answers that the server gives in the handler's place, which are plain text or
    /// problem details (RFC 9457) without CORS fields: 400, 408, 413, 417, 431, 501, 503 and 505.
    /// It may set the body and fields; the connection is closed after it. Called on all of the
    /// server's threads. What it throws is logged, and the answer is sent as it was.
    ///
    ///     options.on_refusal = [](const crier::refusal& why, auto& answer) {
    ///         answer.set("Access-Control-Allow-Origin", "*");
    ///         answer.set("Content-Type", "application/json");
    ///         answer.body() = my_error(why.status, why.reason);
    ///     };
    std::function<void(const refusal& why, exchange::response_type& answer)> on_refusal{};
    /// Called for each request when its response or stream has ended, on the thread that served it.
    /// What it throws is logged. `to_string` makes a line of what it gets.
    ///
    ///     options.access_log = [](const crier::access_record& each) {
    ///         std::clog << crier::to_string(each) + "\n";
    ///     };
    std::function<void(const access_record& each)> access_log{};
    logger log = log_to_clog;
};

/// Returns the listening sockets that a service manager has passed to this process when it started
/// it, as systemd does for a `.socket` unit. They are closed in programs that this one executes.
/// Empty: there are none.
///
///     crier::server server{{.sockets = crier::passed_sockets()}};
///
/// Thread safety: not while another thread changes the environment.
/// Source: `sd_listen_fds`: the variables LISTEN_PID and LISTEN_FDS.
CRIER_EXPORT std::vector<int> passed_sockets();

namespace detail {
class worker;
struct server_state;
} // namespace detail

/// A small server of HTTP/1.1 and HTTP/2, for programs that have none.
///
///     crier::server server{{.port = 8080}};
///     crier::manager manager{server.get_executor()};
///     server.run([&](crier::exchange& request) {
///         return serve_page_or_stream(request, manager);
///     });
///
/// A request that `read_head` refuses, or whose body is too large or takes too long, never reaches
/// the handler; see `server_options::on_refusal`. If a handler throws before it has answered, the
/// answer is 500, and the exception is logged; `errc::client_left` and the like, which say that its
/// connection has ended, are not.
///
/// Thread safety: `shutdown` and `reload_tls` from any thread, the rest from the thread that owns
/// it. The handler is called on all of the server's threads.
///
/// Lifetime: declare it before the managers that use its executor; it must outlive them.
class CRIER_EXPORT server {
public:
    using handler = std::function<boost::asio::awaitable<void>(exchange&)>;

    /// Listens from here on.
    /// Errors: throws `system_error` if it cannot listen, `address_in_use` for a taken port, and
    /// the resolver's errors for an unknown name; `std::invalid_argument` on options that make no
    /// sense, and for `tls` and `http2` where crier was built without; `tls_file_error`.
    explicit server(server_options options = {});

    /// The same on a context that the program has, which one thread runs, as
    /// `promise_single_thread` says; the server makes that promise. Call `start` in place of `run`.
    /// The server keeps the context at work until it is shut down or destroyed. About 100 ms after
    /// the shutdown's deadline nothing of it is left there, but handlers that ignore that they are
    /// cancelled; that is logged.
    ///
    ///     crier::server server{context, {.port = 8080}};
    ///     server.start(crier::stream_handler(manager));
    ///     context.run();
    ///
    /// Errors: also throws `std::invalid_argument` if `threads` is not 1. What leaves a handler of
    /// the context is the program's: the server logs only what leaves its connections.
    /// Lifetime: the context must outlive the server. Destroy the server on the thread that runs
    /// the context, or while none does. Connections that are open then are cut: their handlers are
    /// cancelled, and end when the context runs on, or are destroyed with it. What handlers use
    /// must live until then.
    explicit server(boost::asio::io_context& context, server_options options = {});
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server();

    /// The executor of the first thread, or of the program's context.
    boost::asio::any_io_executor get_executor() const;

    /// Of its first TCP socket; port 0: it has none.
    boost::asio::ip::tcp::endpoint local_endpoint() const;

    /// How many connections are open, without those that are refused.
    std::size_t connections() const noexcept;

    /// Sets a function that is called once at shutdown, on the first thread; what it throws is
    /// logged. It is the place for `manager::shutdown`, which lets the streams end. A program that
    /// awaits `manager::async_shutdown` calls `shutdown` after it, and needs no hook.
    void on_shutdown(std::function<void()> hook);

    /// Reads the files of `server_options::tls` again, such as a renewed certificate. Connections
    /// go on as they are, the next ones get what was read.
    ///
    /// Errors: throws `tls_file_error`; all stays as it was. Throws `std::logic_error` on a server
    /// without TLS.
    /// Thread safety: any thread.
    void reload_tls();

    /// Calls `reload_tls` on SIGHUP. It is logged that it was called, or what it has thrown.
    void reload_tls_on_hangup();

    /// Calls `shutdown` with the deadline on SIGINT and SIGTERM.
    void shutdown_on_signals(std::chrono::milliseconds deadline = std::chrono::milliseconds{500});

    /// Serves until the server is shut down and nothing runs on its threads any more. May be called
    /// once.
    /// Errors: throws `std::logic_error` on a server of the program's context.
    void run(handler handle);

    /// Begins to serve on the program's context, and returns. May be called once.
    /// Errors: throws `std::logic_error` on a server with threads of its own, and if it has begun.
    /// Thread safety: on the thread that runs the context, or while none does.
    void start(handler handle);

    /// Ends the server: accepts no more connections, closes those without a whole request, waits
    /// for the others, calls no handler any more, and cuts those that are open at the deadline: at
    /// once if it is zero or less, never if it is `milliseconds::max()`. It needs no memory; where
    /// there is none to wait, it cuts at once. Idempotent: the first deadline holds.
    void shutdown(std::chrono::milliseconds deadline = std::chrono::seconds{1}) noexcept;

private:
    std::shared_ptr<detail::server_state> state_;
};

} // namespace crier
