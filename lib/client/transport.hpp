#pragma once

#include "async/stream_socket.hpp"
#include "flow.hpp"
#include "tls_client.hpp"
#include "url.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace crier::detail {

/// A connection's bytes, with TLS or without.
class transport {
public:
    explicit transport(stream_socket socket);
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    ~transport();

    boost::asio::any_io_executor get_executor() { return socket_.get_executor(); }

    /// Ends what is done with it now, and what would be next: a cancellation alone would pass an
    /// operation by whose completion is on its way.
    void cancel();

    /// Turns to TLS with a server. Errors: throws `system_error`, which says what is wrong with a
    /// certificate.
    flow<void> handshake(tls_client& as, const http_url& with);

    flow<void> write(std::string_view bytes);

    /// Errors: throws `eof` at the end, and where TLS was cut short.
    flow<std::size_t> read_some(boost::asio::mutable_buffer to);

private:
    stream_socket socket_;
    std::optional<boost::asio::ssl::stream<stream_socket&>> tls_;
    std::shared_ptr<tls_session> session_; ///< once the handshake is done
};

} // namespace crier::detail
