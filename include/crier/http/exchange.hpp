#pragma once

#include <crier/async/detail/with_result.hpp>
#include <crier/export.hpp>
#include <crier/http/cors.hpp>
#include <crier/http/serve.hpp>
#include <crier/http/stream_writer.hpp>
#include <crier/http/tls.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace crier {

namespace detail {
struct decision;
struct detached_order;
struct exchange_access;
struct received;
class responder;
} // namespace detail

/// One request to a `server`, and how to answer it: with a response, with a stream of a manager, or
/// with a stream that the handler writes. A request that is not answered gets 404.
///
/// Lifetime: it belongs to the handler's coroutine, and must not be used after it.
class CRIER_EXPORT exchange {
public:
    using request_type = boost::beast::http::request<boost::beast::http::string_body>;
    /// Of TCP, or a Unix socket.
    using socket_type = boost::asio::generic::stream_protocol::socket;
    using response_type = boost::beast::http::response<boost::beast::http::string_body>;

    /// For requests of another server, whose TCP socket is moved into one of `socket_type` first. A
    /// stream is refused to a request that `check_framing` refuses. `response_timeout` is how long
    /// `respond` may take: zero or less means 30 s, `milliseconds::max()` never ends it.
    exchange(socket_type& socket, request_type request, std::chrono::milliseconds response_timeout);
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;
    ~exchange();

    const request_type& request() const noexcept;

    /// The target's path as it was sent, percent-encoded: "/caf%C3%A9". See `topic_of`.
    std::string_view path() const noexcept;

    /// The target's query as it was sent, without the question mark.
    std::string_view query() const noexcept;

    /// Lets pages of other origins read the response, whether by `respond`, `stream` or `writer`.
    /// Returns true if the request was a preflight; it is then answered.
    ///
    ///     const bool is_answered = co_await request.allow_origins(cors);
    ///     if (is_answered) { co_return; }
    ///
    /// Errors: throws `std::invalid_argument` on options that make no sense, and those of
    /// `respond`.
    boost::asio::awaitable<bool> allow_origins(const cors_options& cors);

    /// Sends a response. The connection stays open for another request if the client wants that.
    /// `Content-Length`, `Connection`, and `Date` if there is none, are set, and HEAD gets no body;
    /// all else of a `response_type` is sent as it is. A text is sent with its type, and with
    /// `X-Content-Type-Options: nosniff`.
    /// Errors: throws `operation_aborted` if it is not sent in time, and `std::logic_error` if the
    /// request was answered already.
    boost::asio::awaitable<void> respond(response_type response);
    boost::asio::awaitable<void> respond(boost::beast::http::status status);
    boost::asio::awaitable<void> respond(boost::beast::http::status status, std::string body,
        std::string_view content_type = "text/plain; charset=utf-8");

    /// Says that the request is not served, and why: as plain text, or as problem details in JSON
    /// (RFC 9457) where the client's `Accept` prefers JSON. The reason's text is not used any more
    /// once this has returned. For a body of your own, `respond` with its status.
    /// Errors: throws those of `respond`.
    boost::asio::awaitable<void> refuse(boost::beast::http::status status, std::string_view reason);

    /// Answers a request whose method is not among these, such as "GET, POST": OPTIONS with 204,
    /// others with 405 as `refuse` does, both with `Allow`. HEAD is allowed where GET is. Returns
    /// true if it has answered.
    ///
    ///     const bool is_answered = co_await request.allow_methods("GET");
    ///     if (is_answered) { co_return; }
    ///
    /// Errors: throws those of `respond`.
    /// Source: RFC 9110, sections 9.3.7 and 15.5.6.
    boost::asio::awaitable<bool> allow_methods(std::string methods);

    /// Answers with a stream of the manager. See `serve`.
    /// Errors: throws those of `serve`, and `std::logic_error` if the request was answered already,
    /// as do the functions below.
    boost::asio::awaitable<end_reason> stream(manager& events);
    boost::asio::awaitable<end_reason> stream(manager& events, serve_options options);

    /// Answers with a stream of the manager, and leaves it to the server. The stream begins after
    /// the handler has returned. The server keeps neither the request nor the handler's coroutine
    /// for it, which saves most of an idle stream's memory.
    ///
    /// Errors: throws those of `check_options`. Later errors are logged.
    void detach_stream(manager& events, serve_options options);

    /// Answers with a stream that the handler writes, on the handler's executor. A request that
    /// asks for no event stream is answered as `stream` answers it, when the header is to be
    /// written; see `writer_options::checks_request`.
    ///
    /// Errors: those of `stream_writer`; the request is then unanswered.
    stream_writer writer();
    stream_writer writer(const writer_options& options);

    /// Runs a coroutine for as long as the client is there, such as one that computes the answer.
    /// Completes with its result, and rethrows what it throws.
    ///
    ///     const std::string text = co_await request.while_connected(compute(prompt));
    ///     co_await request.respond(boost::beast::http::status::ok, text);
    ///
    /// If the client leaves, the work is cancelled and its end is awaited; then this throws
    /// `errc::client_left`, whatever the work ended with; a handler may let that through. A client
    /// that closes its sending side alone has left too, as for streams. What it sends meanwhile,
    /// such as a further request, is left unread. The work may use the exchange and its writer.
    ///
    /// Errors: throws the system's error if it has no file descriptor left, of which this needs
    /// one.
    /// Cancellation: terminal and partial; the work gets a terminal one, and its end is awaited.
    /// Thread safety: the handler's executor, on which the work runs too, runs one handler at a
    /// time.
    template <class T>
    boost::asio::awaitable<T> while_connected(boost::asio::awaitable<T> work) {
        return detail::with_result(std::move(work), [this](boost::asio::awaitable<void> each) {
            return run_while_connected(std::move(each));
        });
    }

    /// Tells of the server's shutdown, for handlers that write by hand: they can end their streams
    /// in order before the deadline, at which they would be cut. Callbacks run on the thread of the
    /// handler. They must not throw, and must be gone before what they use:
    ///
    ///     const std::stop_callback at_shutdown{
    ///         request.shutdown_token(), [&tokens] { tokens.close(); }};
    ///
    /// The token of a request of another server tells nothing.
    /// Thread safety: any thread may ask the token.
    std::stop_token shutdown_token() const noexcept { return shutdown_; }

    boost::asio::any_io_executor get_executor() const;

    /// The protocol that the request came by: "HTTP/1.0", "HTTP/1.1" or "HTTP/2".
    std::string_view protocol() const noexcept;

    /// The client's address and port, such as "127.0.0.1:50112" or "[::1]:50112"; "unix" on a Unix
    /// socket. Empty: it has left, or the connection is another server's by `serve_http2`.
    std::string peer() const;

    /// How the connection is encrypted; none: it is not.
    std::optional<tls_state> tls() const;

    /// The connection, for a handler that answers in its own way. The request counts as answered,
    /// and the connection is closed after the handler.
    ///
    /// Errors: throws `std::logic_error` if the connection is encrypted, or of HTTP/2, whose
    /// requests share it.
    socket_type& socket();

    bool is_answered() const noexcept { return answered_; }

    /// Whether the connection may be used for another request.
    bool keeps_alive() const noexcept { return keeps_alive_; }

private:
    friend struct detail::exchange_access;

    exchange(detail::responder& to, std::unique_ptr<const detail::received> request,
        std::chrono::milliseconds response_timeout, std::stop_token shutdown);

    boost::asio::awaitable<void> run_while_connected(boost::asio::awaitable<void> work);
    void begin_answer();
    void note_status(unsigned status) noexcept;
    response_type refusing(boost::beast::http::status status, std::string_view reason) const;
    std::string reply_in_place_of_stream(const response_fields& header) const;
    detail::decision begin_stream(manager& events, serve_options checked);
    void detach(manager& events, serve_options checked);

    const std::unique_ptr<detail::responder> own_; ///< of another server's socket
    detail::responder& to_;
    const std::unique_ptr<const detail::received> received_;
    const std::chrono::milliseconds response_timeout_;
    const std::stop_token shutdown_;
    response_fields cors_fields_; ///< of the response, whatever it is
    std::shared_ptr<detail::detached_order> detached_;
    std::shared_ptr<unsigned> status_; ///< none: nobody wants to know
    bool answered_ = false;
    bool keeps_alive_ = false;
};

} // namespace crier
