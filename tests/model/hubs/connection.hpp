#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>

namespace crier::model {

/// A connection to a hub on this machine that blocks, and that another thread may cut.
class connection {
public:
    connection() = default;
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection() { close(false); }

    /// False: nobody listens there.
    bool open(std::uint16_t port);
    bool is_open() const noexcept { return socket_ >= 0; }

    /// False: the connection has ended. Some of it may have been sent all the same.
    bool send(std::string_view bytes);
    /// How many bytes came; 0: the connection has ended, or is silent for too long.
    std::size_t receive(std::span<char> to);

    /// Ends it in the middle of whatever it is used for. On any thread.
    void cut() noexcept;
    void close(bool by_reset) noexcept;

private:
    std::mutex mutex_;
    int socket_ = -1;
};

} // namespace crier::model
