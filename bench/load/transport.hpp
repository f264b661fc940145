#pragma once

#include "common/descriptor.hpp"
#include "load/tls.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace bench::load {

/// A connection's bytes: those of its socket, or what TLS makes of them.
class transport {
public:
    enum class outcome : std::uint8_t { done, wants_read, wants_write, closed, failed };

    transport() = default;

    /// Takes a socket that is being connected.
    explicit transport(descriptor socket) noexcept : socket_{std::move(socket)} {}

    int socket() const noexcept { return socket_.get(); }
    explicit operator bool() const noexcept { return static_cast<bool>(socket_); }
    bool is_encrypted() const noexcept { return tls_ != nullptr; }

    /// Begins TLS once it is connected. Goes on while that wants to read or to write.
    outcome shake_hands(tls_client& by, std::size_t connection);
    outcome shake_hands();
    /// Whether the server has taken a session that was offered.
    bool is_resumed() const noexcept { return SSL_session_reused(tls_.get()) == 1; }

    /// `failed` as well where not all of it fits.
    outcome send(std::string_view text) noexcept;
    /// `size` stays as it is where nothing has come.
    outcome receive(char* into, std::size_t most, std::size_t& size) noexcept;
    /// Whether TLS has taken more from the socket than it has given.
    bool has_pending() const noexcept;

    void close() noexcept;

private:
    outcome outcome_of(int result) const noexcept;

    descriptor socket_;
    ssl_ptr tls_;
};

} // namespace bench::load
