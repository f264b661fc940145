#pragma once

#include "protocol.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace crier::model {

/// A connection, which ends with its object.
class wire {
public:
    explicit wire(int socket) noexcept : socket_{socket} {}
    wire(const wire&) = delete;
    wire& operator=(const wire&) = delete;
    virtual ~wire();

    /// False: the other end has gone.
    virtual bool send(std::string_view bytes);
    /// How many bytes have come, zero if none came in time. None: the other end has gone.
    virtual std::optional<std::size_t> receive(char* to, std::size_t most);

    void wait_at_most(std::chrono::milliseconds time);
    /// Ends without a farewell.
    void end_by_reset();

protected:
    int socket() const noexcept { return socket_; }
    bool ends_by_reset() const noexcept { return ends_by_reset_; }

private:
    int socket_;
    bool ends_by_reset_ = false;
};

/// None: there was no server. Throws `std::runtime_error` if it does not speak the protocol.
std::unique_ptr<wire> connect_to(std::uint16_t port, protocol by);

/// Takes over a socket that is connected.
std::unique_ptr<wire> encrypt(int socket, protocol by);

} // namespace crier::model
