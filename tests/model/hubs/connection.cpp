#include "connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

namespace crier::model {

bool connection::open(std::uint16_t port) {
    close(false);
    const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // So that a reader that stalls is soon noticed.
    const int small = 4'096;
    const int yes = 1;
    const timeval longest{10, 0};
    ::setsockopt(made, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    ::setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    ::setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
    ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(made, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        ::close(made);
        return false;
    }
    const std::lock_guard lock{mutex_};
    socket_ = made;
    return true;
}

bool connection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(size));
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

std::size_t connection::receive(std::span<char> to) {
    ssize_t size = 0;
    do {
        size = ::recv(socket_, to.data(), to.size(), 0);
    } while (size < 0 && errno == EINTR);
    return size > 0 ? static_cast<std::size_t>(size) : 0;
}

void connection::cut() noexcept {
    const std::lock_guard lock{mutex_};
    if (socket_ >= 0) {
        ::shutdown(socket_, SHUT_RDWR);
    }
}

void connection::close(bool by_reset) noexcept {
    const std::lock_guard lock{mutex_};
    if (socket_ < 0) {
        return;
    }
    if (by_reset) {
        const linger at_once{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    ::close(socket_);
    socket_ = -1;
}

} // namespace crier::model
