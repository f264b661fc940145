#pragma once

#include <crier/export.hpp>
#include <crier/http/detail/http2_transport.hpp>
#include <crier/http/server.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <stop_token>
#include <utility>

namespace crier {

namespace detail {

using transport_maker =
    std::function<std::unique_ptr<http2_transport>(const boost::asio::any_io_executor&)>;

CRIER_EXPORT boost::asio::awaitable<void> serve_http2(
    transport_maker make, server::handler handle, server_options options, std::stop_token shutdown);

} // namespace detail

/// Speaks HTTP/2 on a connection of a program that has its own listener: to clients that chose "h2"
/// by ALPN, or that are known to begin with it. Calls the handler for each request, as a `server`
/// does, and completes when the connection has ended; the caller then closes it.
///
///     crier::server_options options;
///     co_await crier::serve_http2(stream, handler, std::move(options));
///
/// Of the options those count that are about requests: `header_timeout`, `idle_timeout`,
/// `response_timeout`, `body_bytes`, `limits`, `http2`, `on_refusal`, `access_log` and `log`.
/// `shutdown`, once requested, from any thread, ends the connection in order: no further request is
/// taken, those under way go on, and their handlers see it in `exchange::shutdown_token`.
/// `exchange::tls` tells nothing.
///
/// Errors: throws `std::invalid_argument` on options that make no sense, and where crier was built
/// without HTTP/2, before anything is sent.
/// Cancellation: terminal; open streams are reset, handlers are cancelled, and their end is
/// awaited.
/// Thread safety: the caller's coroutine may run on any executor. The stream is used, and handlers
/// run, on the context of that executor if `promise_single_thread` was called for it, and otherwise
/// on a strand that all such connections of the context share. Nothing else may use the stream
/// until this completes.
/// Lifetime: the stream must outlive it.
template <class Stream>
boost::asio::awaitable<void> serve_http2(
    Stream& stream, server::handler handle, server_options options, std::stop_token shutdown) {
    return detail::serve_http2(
        [&stream](const boost::asio::any_io_executor& executor)
            -> std::unique_ptr<detail::http2_transport> {
            return std::make_unique<detail::stream_transport<Stream>>(stream, executor);
        },
        std::move(handle), std::move(options), std::move(shutdown));
}

template <class Stream>
boost::asio::awaitable<void> serve_http2(
    Stream& stream, server::handler handle, server_options options) {
    return serve_http2(stream, std::move(handle), std::move(options), std::stop_token{});
}

} // namespace crier
