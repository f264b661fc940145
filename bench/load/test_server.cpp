#include "load/test_server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <charconv>
#include <string>
#include <utility>

namespace bench::load {
namespace {

/// The N of `GET /t/N`.
unsigned read_request(int connection) {
    std::string text;
    char part[512];
    while (text.find("\r\n\r\n") == text.npos) {
        const ssize_t size = ::recv(connection, part, sizeof part, 0);
        if (size <= 0) {
            break;
        }
        text.append(part, static_cast<std::size_t>(size));
    }
    unsigned topic = 0;
    constexpr std::string_view before = "GET /t/";
    if (text.starts_with(before)) {
        std::from_chars(text.data() + before.size(), text.data() + text.size(), topic);
    }
    return topic;
}

} // namespace

bool test_server::connection::send(std::string_view text) const {
    const ssize_t sent = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(text.size());
}

void test_server::connection::wait_for_end() const {
    char end = 0;
    while (::recv(socket.get(), &end, 1, 0) > 0) {
    }
}

test_server::test_server(unsigned connections, task serve, bool reads_requests)
    : listening_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    const int yes = 1;
    ::setsockopt(listening_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(listening_.get(), SOMAXCONN);
    thread_ = std::thread{[this, connections, serve = std::move(serve), reads_requests] {
        run(connections, serve, reads_requests);
    }};
}

test_server::~test_server() {
    // Ends the waiting for a client that does not come.
    ::shutdown(listening_.get(), SHUT_RDWR);
    thread_.join();
}

std::uint16_t test_server::port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

void test_server::run(unsigned connections, const task& serve, bool reads_requests) const {
    std::vector<connection> accepted;
    while (accepted.size() < connections) {
        descriptor next{::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        if (!next) {
            return;
        }
        const unsigned topic = reads_requests ? read_request(next.get()) : 0;
        accepted.push_back({std::move(next), topic});
    }
    serve(accepted);
}

} // namespace bench::load
