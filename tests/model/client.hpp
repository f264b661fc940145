#pragma once

#include "dice.hpp"
#include "record.hpp"

#include <atomic>
#include <cstdint>
#include <string>

namespace crier::model {

/// What clients and servers know of each other.
struct town {
    std::atomic<std::uint16_t> port{0};  ///< of the server; 0 while there is none
    std::atomic<bool> is_over{false};    ///< nothing more is published: be good to the end
    std::atomic<bool> is_closing{false}; ///< a stream that ends now has come to its end
    std::atomic<std::uint64_t> disconnects{0};
};

/// A client with a will of its own: it stalls, leaves at any byte, and comes back with its id.
class client {
public:
    client(town& in, std::uint32_t seed, std::vector<std::size_t> topics, std::string query,
        bool conflates);

    /// Until the last server has ended the stream.
    void run();

    const record& received() const noexcept { return record_; }
    const std::string& target() const noexcept { return target_; }

private:
    bool connect_once();
    std::string read(int socket, bool& ended);
    void keep(const std::string& bytes, bool has_left);

    town& town_;
    dice random_;
    std::string target_;
    std::string last_event_id_;
    record record_;
};

} // namespace crier::model
