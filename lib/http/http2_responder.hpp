#pragma once

#include <crier/http/detail/http2_transport.hpp>

#include "http2_stream.hpp"
#include "responder.hpp"

#include <memory>
#include <utility>

namespace crier::detail {

/// A stream of an HTTP/2 connection, as a handler answers on it. A response that is not whole in
/// the end is reset.
class http2_responder final : public responder {
public:
    /// Lifetime: the connection must outlive it.
    http2_responder(std::shared_ptr<http2_stream> on, http2_transport& connection) noexcept
        : on_{std::move(on)}, connection_{connection} {}
    http2_responder(const http2_responder&) = delete;
    http2_responder& operator=(const http2_responder&) = delete;
    ~http2_responder() override;

    boost::asio::any_io_executor get_executor() const override;
    std::string peer() const override { return connection_.peer(); }
    std::optional<tls_state> tls() const override { return connection_.tls(); }
    stream_socket& socket() override;
    boost::asio::awaitable<boost::system::error_code> send(
        clock::duration longest, std::string_view head, std::string_view body) override;
    boost::asio::any_io_executor sink_executor() const override { return get_executor(); }
    std::shared_ptr<sink> make_sink(
        stream_owner whom, const boost::asio::any_io_executor& executor) override;
    std::unique_ptr<departure_watch> watch_client(signal& on_end) override;
    bool detach(detached_streams& to, detached_order ordered) override;

private:
    const std::shared_ptr<http2_stream> on_;
    http2_transport& connection_;
    bool is_detached_ = false;
};

} // namespace crier::detail
