#pragma once

#include "encryption.hpp"
#include "tls_contexts.hpp"

#include <cstdint>
#include <memory>

namespace crier::detail {

/// TLS on a server's socket.
class tls_channel final : public encrypted_channel {
public:
    /// Throws `std::bad_alloc`.
    tls_channel(std::shared_ptr<const tls_contexts> by, int socket);

    boost::system::error_code shake_hands() noexcept override;
    bool waits_to_write() const noexcept override { return waits_to_write_; }
    std::size_t read_some(
        boost::asio::mutable_buffer into, boost::system::error_code& error) noexcept override;
    std::size_t write_some(sink::buffers bytes, boost::system::error_code& error) noexcept override;
    std::size_t in_flight() const noexcept override { return in_flight_; }
    void shut_down() noexcept override;
    bool chose_http2() const noexcept override;
    tls_state state() const override;

private:
    boost::system::error_code outcome(int result) noexcept;

    const std::shared_ptr<const tls_contexts> by_;
    const openssl_ptr<SSL> ssl_;
    std::uint32_t in_flight_ = 0;
    bool waits_to_write_ = false;
    bool has_failed_ = false;
};

} // namespace crier::detail
