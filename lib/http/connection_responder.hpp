#pragma once

#include "connection_stream.hpp"
#include "responder.hpp"

namespace crier::detail {

/// A connection of HTTP/1.1, on which one response follows another.
class connection_responder : public responder {
public:
    /// Lifetime: the connection must outlive it.
    explicit connection_responder(connection_stream& on) noexcept : on_{on} {}

    boost::asio::any_io_executor get_executor() const override { return on_.get_executor(); }
    std::string peer() const override { return on_.peer(); }
    std::optional<tls_state> tls() const override { return on_.tls(); }
    stream_socket& socket() override;
    boost::asio::awaitable<boost::system::error_code> send(
        clock::duration longest, std::string_view head, std::string_view body) override;
    boost::asio::any_io_executor sink_executor() const override { return {}; }
    std::shared_ptr<sink> make_sink(
        stream_owner whom, const boost::asio::any_io_executor& executor) override;
    std::unique_ptr<departure_watch> watch_client(signal& on_end) override;
    bool detach(detached_streams& to, detached_order ordered) override;

private:
    connection_stream& on_;
};

} // namespace crier::detail
