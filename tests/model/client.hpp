#pragma once

#include "dice.hpp"
#include "protocol.hpp"
#include "reader.hpp"
#include "wire.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace crier::model {

/// What clients and servers know of each other.
struct town {
    std::atomic<std::uint16_t> port{0};     ///< of the server; 0 while there is none
    std::atomic<std::uint16_t> tls_port{0}; ///< of the one that speaks TLS
    std::atomic<bool> is_over{false};       ///< nothing more is published: be good to the end
    std::atomic<bool> is_closing{false};    ///< a stream that ends now has come to its end
    std::array<std::atomic<std::uint64_t>, protocol_names.size()> connections{};
};

/// A client with a will of its own: it stalls, leaves at any byte, and comes back. It speaks one
/// version of HTTP, each time with TLS or without, as it is allowed.
class client {
public:
    client(town& in, std::uint32_t seed, std::vector<protocol> ways, std::vector<reader> readers);
    client(const client&) = delete;
    client& operator=(const client&) = delete;
    virtual ~client() = default;

    /// Until the last server has ended all streams.
    void run();

    const std::vector<reader>& readers() const noexcept { return readers_; }

protected:
    /// Reads its streams until it has enough, or the server has ended them.
    virtual void read(wire& from) = 0;

    town& around() noexcept { return town_; }
    dice& random() noexcept { return random_; }
    std::vector<reader>& my_readers() noexcept { return readers_; }

    /// After how many bytes to leave.
    std::size_t enough();
    void stall_at_times();
    /// How much to read at once of so many bytes.
    std::size_t some_of(std::size_t most);

private:
    void connect_once();

    town& town_;
    dice random_;
    std::vector<protocol> ways_;
    std::vector<reader> readers_;
};

} // namespace crier::model
