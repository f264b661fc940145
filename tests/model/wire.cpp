#include "wire.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

namespace crier::model {

using namespace std::chrono_literals;

wire::~wire() { ::close(socket_); }

bool wire::send(std::string_view bytes) {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
}

std::optional<std::size_t> wire::receive(char* to, std::size_t most) {
    const ssize_t size = ::recv(socket_, to, most, 0);
    if (size > 0) {
        return static_cast<std::size_t>(size);
    }
    return size < 0 && errno == EAGAIN ? std::optional<std::size_t>{0} : std::nullopt;
}

void wire::wait_at_most(std::chrono::milliseconds time) {
    const timeval longest{time / 1s, time % 1s / 1us};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
}

void wire::end_by_reset() {
    const linger by_reset{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &by_reset, sizeof by_reset);
    ends_by_reset_ = true;
}

std::unique_ptr<wire> connect_to(std::uint16_t port, protocol by) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    // A small receive buffer, so that who does not read is soon noticed. A record of TLS would not
    // fit in there, and HTTP/2 has its windows: with these, some streams would take longer than all
    // lives.
    const int small = by == protocol::http1 ? 4096 : 32'768;
    const timeval longest{30, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        ::close(socket);
        return nullptr;
    }
#if HAVE_TLS
    if (is_encrypted(by)) {
        return encrypt(socket, by);
    }
#endif
    return std::make_unique<wire>(socket);
}

} // namespace crier::model
