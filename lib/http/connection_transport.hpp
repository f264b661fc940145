#pragma once

#include <crier/http/detail/http2_transport.hpp>

#include "connection_stream.hpp"
#include "operation_memory.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

/// A server's connection, on which HTTP/2 is spoken. While it waits, it has no buffer.
class connection_transport final : public http2_transport {
public:
    /// Lifetime: the connection must outlive it.
    explicit connection_transport(connection_stream& on)
        : http2_transport{on.get_executor()}, on_{on} {
        boost::system::error_code ignored;
        on_.non_blocking(true, ignored); // after the sink has gone, too
    }

    std::shared_ptr<sink> make_sink() override;
    boost::asio::awaitable<std::string_view> read(boost::system::error_code& error) override;
    void cancel() override;
    std::string peer() const override { return on_.peer(); }
    std::optional<tls_state> tls() const override { return on_.tls(); }
    void shut_down() noexcept override { on_.shut_down(); }

private:
    connection_stream& on_;
    operation_memory<384> memory_;
};

} // namespace crier::detail
