#pragma once

#include <crier/export.hpp>
#include <crier/http/cors.hpp>
#include <crier/http/serve.hpp>
#include <crier/http/stream_writer.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace crier {

namespace detail {
struct decision;
struct detached_order;
struct exchange_access;
struct received;
} // namespace detail

/// One request to a `server`, and the way to its answer: a plain response, a manager's stream, or
/// a stream written by hand. An exchange that is not answered gets 404.
///
/// It belongs to the handler's coroutine, and must not outlive it.
class CRIER_EXPORT exchange {
public:
    using request_type = boost::beast::http::request<boost::beast::http::string_body>;
    using response_type = boost::beast::http::response<boost::beast::http::string_body>;

    /// A response may take that long to be sent. What the gate would not let pass gets no stream.
    exchange(boost::asio::ip::tcp::socket& socket, request_type request,
        std::chrono::milliseconds response_timeout);
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;
    ~exchange();

    const request_type& request() const noexcept;

    /// The target's path as it was sent, with its escapes: "/caf%C3%A9". See `topic_of`.
    std::string_view path() const noexcept;

    /// The target's query as it was sent, without the question mark.
    std::string_view query() const noexcept;

    /// Lets pages of other origins read what this request is answered with from here on, by
    /// `respond`, `stream` or `writer`. True: it was a preflight, which is answered herewith.
    ///
    ///     if (co_await request.allow_origins(cors)) { co_return; }
    ///
    /// Errors: throws `std::invalid_argument` on options that make no sense, and those of
    /// `respond`.
    boost::asio::awaitable<bool> allow_origins(const cors_options& cors);

    /// Sends a response; the connection stays open for another request if the client wants it.
    /// Errors: throws `operation_aborted` when it is not sent in time, `std::logic_error` when the
    /// request is answered already.
    boost::asio::awaitable<void> respond(response_type response);
    boost::asio::awaitable<void> respond(boost::beast::http::status status);
    boost::asio::awaitable<void> respond(boost::beast::http::status status, std::string body,
        std::string_view content_type = "text/plain; charset=utf-8");

    /// Answers with a stream of the manager. See `serve`.
    /// Errors: throws `std::logic_error` when the request is answered already, as do those below.
    boost::asio::awaitable<end_reason> stream(manager& events);
    boost::asio::awaitable<end_reason> stream(manager& events, serve_options options);

    /// Answers with a stream of the manager that the handler leaves to the server: it begins once
    /// the handler has returned, and neither the request nor a coroutine is kept for it meanwhile,
    /// which is most of an idle stream's memory otherwise.
    ///
    /// Errors: throws as `serve`. What fails later is logged.
    void detach_stream(manager& events, serve_options options);

    /// Answers with a stream that the handler writes itself; the executor is the handler's. What is
    /// no request for an event stream is not refused here: see `check_stream_request`.
    stream_writer writer();
    stream_writer writer(const writer_options& options);

    boost::asio::any_io_executor get_executor() const { return socket_.get_executor(); }

    /// For a handler that answers in its own way: nothing else is sent on the connection, and it
    /// ends with the handler.
    boost::asio::ip::tcp::socket& socket() noexcept {
        answered_ = true;
        keeps_alive_ = false;
        return socket_;
    }

    bool is_answered() const noexcept { return answered_; }

    /// Whether the connection may be used for another request.
    bool keeps_alive() const noexcept { return keeps_alive_; }

private:
    friend struct detail::exchange_access;

    exchange(boost::asio::ip::tcp::socket& socket, std::unique_ptr<const detail::received> request,
        std::chrono::milliseconds response_timeout);

    void begin_answer();
    detail::decision begin_stream(manager& events, serve_options checked);
    void detach(manager& events, serve_options checked);

    boost::asio::ip::tcp::socket& socket_;
    const std::unique_ptr<const detail::received> received_;
    const std::chrono::milliseconds response_timeout_;
    response_fields cors_fields_; ///< of whatever is answered
    std::shared_ptr<detail::detached_order> detached_;
    bool answered_ = false;
    bool keeps_alive_ = false;
};

} // namespace crier
