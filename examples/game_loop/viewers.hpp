// Many viewers on the loopback, in a process of their own: they read and count, and no more.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace game {

/// Forks, so it must be made before the first thread.
class viewers {
public:
    struct counts {
        std::uint64_t connected = 0; ///< at present
        std::uint64_t events = 0;    ///< received since the beginning
        std::uint64_t bytes = 0;
    };

    /// Errors: throws `std::system_error`.
    viewers();
    viewers(const viewers&) = delete;
    viewers& operator=(const viewers&) = delete;
    ~viewers();

    /// Connects or disconnects until there are so many of them.
    /// Errors: throws `std::runtime_error` once the process is gone; fewer may be connected.
    counts set(std::size_t many, const boost::asio::ip::tcp::endpoint& server) const;

private:
    int control_ = -1;
    pid_t process_ = -1;
};

} // namespace game
