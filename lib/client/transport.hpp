#pragma once

#include <crier/client/options.hpp>

#include "flow.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

/// Errors: throws `system_error` where the file cannot be read.
std::shared_ptr<boost::asio::ssl::context> make_tls_context(const tls_options& options);

/// A connection's bytes, with TLS or without.
class transport {
public:
    explicit transport(boost::asio::ip::tcp::socket socket);
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;

    boost::asio::any_io_executor get_executor() { return socket_.get_executor(); }

    /// Ends what is done with it now, and what would be next: a cancellation alone would pass an
    /// operation by whose completion is on its way.
    void cancel();

    /// Turns to TLS. Errors: throws `system_error`, which says what is wrong with a certificate.
    flow<void> handshake(boost::asio::ssl::context& context, const std::string& host, bool verify);

    flow<void> write(std::string_view bytes);

    /// Errors: throws `eof` at the end, and where TLS was cut short.
    flow<std::size_t> read_some(boost::asio::mutable_buffer to);

private:
    boost::asio::ip::tcp::socket socket_;
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
};

} // namespace crier::detail
