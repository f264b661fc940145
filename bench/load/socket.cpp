#include "load/socket.hpp"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

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

void allow_connections(std::uint32_t connections) {
    constexpr rlim_t besides = 32;
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    if (connections + besides > files.rlim_max) {
        throw std::runtime_error{std::to_string(connections) + " connections need " +
                                 std::to_string(connections + besides) +
                                 " open files, and the system allows " +
                                 std::to_string(files.rlim_max) + " (ulimit -Hn)"};
    }
}

descriptor start_connecting(std::uint16_t port, std::uint32_t number) {
    // Finding a free port gets slow long before the last one is taken, and where others have just
    // been left, to whom that costs most is chance: each process has addresses of its own.
    constexpr std::uint32_t connections_per_address = 10'000;
    constexpr std::uint32_t addresses = 256;
    static const std::uint32_t first = static_cast<std::uint32_t>(::getpid()) % 65'535 * addresses;
    descriptor connection{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    check(connection.get(), "socket");
    const int yes = 1;
    const sockaddr_in from = loopback(first + number / connections_per_address % addresses, 0);
    ::setsockopt(connection.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    check(::bind(connection.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from), "bind");
    const sockaddr_in to = loopback(0, port);
    check(
        ::connect(connection.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), "connect");
    return connection;
}

} // namespace bench::load
