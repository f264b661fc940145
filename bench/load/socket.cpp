#include "load/socket.hpp"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace bench::load {
namespace {

sockaddr_in loopback(std::uint32_t host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
    return address;
}

void check(int result, const char* what) {
    if (result < 0 && errno != EINPROGRESS) {
        throw std::system_error{errno, std::generic_category(), what};
    }
}

} // namespace

void allow_streams(std::uint32_t streams) {
    constexpr rlim_t besides = 32;
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    if (streams + besides > files.rlim_max) {
        throw std::runtime_error{std::to_string(streams) + " streams need " +
                                 std::to_string(streams + besides) +
                                 " open files, and the system allows " +
                                 std::to_string(files.rlim_max) + " (ulimit -Hn)"};
    }
}

descriptor start_connecting(std::uint16_t port, std::uint32_t stream) {
    // Finding a free port gets slow long before the last one is taken.
    constexpr std::uint32_t streams_per_address = 10'000;
    descriptor connection{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    check(connection.get(), "socket");
    if (const std::uint32_t host = stream / streams_per_address; host != 0) {
        const int yes = 1;
        const sockaddr_in from = loopback(host, 0);
        ::setsockopt(connection.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
        check(::bind(connection.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from),
            "bind");
    }
    const sockaddr_in to = loopback(0, port);
    check(
        ::connect(connection.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), "connect");
    return connection;
}

} // namespace bench::load
