#pragma once

#include <crier/http/detail/asio_sinks.hpp>
#include <crier/http/sink.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/beast/core/stream_traits.hpp>

#include <memory>

namespace crier {

/// Makes the sink of an Asio stream: a socket, Beast's `tcp_stream`, a TLS stream. Its handlers run
/// on the executor. Timeouts of a `tcp_stream` are switched off.
///
/// Lifetime: the stream must outlive the sink's last handler.
template <class Stream>
std::shared_ptr<sink> make_sink(Stream& stream, const boost::asio::any_io_executor& executor) {
    if constexpr (detail::plain_socket<Stream>) {
        return std::make_shared<detail::socket_sink<Stream>>(stream, executor);
    } else if constexpr (requires {
                             stream.socket();
                             stream.expires_never();
                         }) {
        stream.expires_never();
        return make_sink(stream.socket(), executor);
    } else {
        if constexpr (requires { boost::beast::get_lowest_layer(stream).expires_never(); }) {
            boost::beast::get_lowest_layer(stream).expires_never();
        }
        return std::make_shared<detail::stream_sink<Stream>>(stream, executor);
    }
}

} // namespace crier
