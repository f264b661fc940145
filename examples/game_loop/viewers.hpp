// Many viewers on loopback, in a process of their own, which only read and count.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace game {

/// It forks, so create it before the first thread.
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

    /// Connects or disconnects viewers until there are so many. Fewer may be connected in the end.
    /// Errors: throws `std::runtime_error` once the process is gone.
    counts set(std::size_t many, const boost::asio::ip::tcp::endpoint& server) const;

private:
    int control_ = -1;
    pid_t process_ = -1;
};

} // namespace game
