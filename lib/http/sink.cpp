#include <crier/http/detail/asio_sinks.hpp>
#include <crier/http/sink.hpp>
#include <crier/wire/errc.hpp>

#include <boost/asio/error.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>
#include <string_view>

namespace crier {

bool sink::received(boost::system::error_code error, std::size_t size) noexcept {
    constexpr std::size_t most_ignored = 4096;
    received_ += static_cast<std::uint32_t>(size);
    peer_error_ = !error && received_ > most_ignored ? make_error_code(errc::bad_request) : error;
    return !peer_error_ && !cancelled_;
}

namespace detail {
namespace {

void set(int socket, int level, int name, int value) noexcept {
    // What is no TCP socket lacks some of these, and works without.
    static_cast<void>(::setsockopt(socket, level, name, &value, sizeof value));
}

} // namespace

void limit_buffering(int socket, std::size_t bytes, std::chrono::milliseconds longest) noexcept {
    constexpr int most_of_all = std::numeric_limits<int>::max();
    constexpr std::chrono::milliseconds most{most_of_all};
    set(socket, SOL_SOCKET, SO_SNDBUF,
        static_cast<int>(std::min<std::size_t>(bytes, most_of_all / 2))); // the kernel doubles it
    set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(std::min(longest, most).count()));
}

boost::system::error_code as_of_socket(const boost::system::error_code& error) noexcept {
    // By name, as the library is built without OpenSSL.
    constexpr int truncated = 1;
    const bool is_truncated = error.value() == truncated &&
                              error.category().name() == std::string_view{"asio.ssl.stream"};
    return is_truncated ? make_error_code(boost::asio::error::eof) : error;
}

} // namespace detail
} // namespace crier
