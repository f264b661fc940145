#include "viewers.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace game {
namespace {

struct command {
    std::uint64_t viewers;
    std::uint32_t address_size;
    sockaddr_storage address;
};

/// The child process: one thread and one epoll for all viewers.
class crowd {
public:
    explicit crowd(int control) : control_{control} { watch(control_); }

    void run() {
        std::array<epoll_event, 64> ready{};
        while (true) {
            const int count =
                ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), -1);
            for (int i = 0; i < count; ++i) {
                const int from = ready[static_cast<std::size_t>(i)].data.fd;
                if (from != control_) {
                    read(from);
                } else if (!obey()) {
                    return;
                }
            }
        }
    }

private:
    void watch(int socket) const {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = socket;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
    }

    bool obey() {
        command given{};
        if (::recv(control_, &given, sizeof given, 0) != sizeof given) {
            return false;
        }
        while (ends_.size() > given.viewers) {
            leave(ends_.begin()->first);
        }
        while (ends_.size() < given.viewers && join(given)) {
        }
        counts_.connected = ends_.size();
        return ::send(control_, &counts_, sizeof counts_, MSG_NOSIGNAL) == sizeof counts_;
    }

    bool join(const command& to) {
        constexpr std::string_view request =
            "GET /events?topic=room/1&topic=timing HTTP/1.1\r\nHost: localhost\r\n\r\n";
        const int added = ::socket(to.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (added < 0) {
            return false;
        }
        const auto* address = reinterpret_cast<const sockaddr*>(&to.address);
        if (::connect(added, address, to.address_size) != 0 ||
            ::send(added, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
            ::close(added);
            return false;
        }
        ends_[added] = '\0';
        watch(added);
        return true;
    }

    void leave(int who) {
        ends_.erase(who);
        ::close(who);
    }

    /// Counts the blank lines that end events, wherever the bytes are split.
    void read(int who) {
        const auto last = ends_.find(who);
        if (last == ends_.end()) {
            return;
        }
        const ssize_t size = ::recv(who, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (size < 0 && errno == EAGAIN) {
            return;
        }
        if (size <= 0) {
            leave(who);
            return;
        }
        const std::string_view bytes{buffer_.data(), static_cast<std::size_t>(size)};
        if (last->second == '\n' && bytes.front() == '\n') {
            ++counts_.events;
        }
        for (std::size_t at = bytes.find("\n\n"); at != bytes.npos;
            at = bytes.find("\n\n", at + 2)) {
            ++counts_.events;
        }
        last->second = bytes.back();
        counts_.bytes += bytes.size();
    }

    const int control_;
    const int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::map<int, char> ends_; ///< the last byte that each socket received
    viewers::counts counts_;
    std::array<char, 65'536> buffer_{};
};

} // namespace

viewers::viewers() {
    // Both processes hold a socket for each viewer: more than many systems allow by default.
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);

    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        throw std::system_error{errno, std::generic_category(), "socketpair"};
    }
    process_ = ::fork();
    if (process_ < 0) {
        throw std::system_error{errno, std::generic_category(), "fork"};
    }
    if (process_ == 0) {
        ::close(ends[0]);
        crowd{ends[1]}.run();
        ::_exit(0);
    }
    ::close(ends[1]);
    control_ = ends[0];
}

viewers::~viewers() {
    ::close(control_);
    ::waitpid(process_, nullptr, 0);
}

viewers::counts viewers::set(std::size_t many, const boost::asio::ip::tcp::endpoint& server) const {
    command order{};
    order.viewers = many;
    order.address_size = static_cast<std::uint32_t>(server.size());
    std::memcpy(&order.address, server.data(), server.size());
    counts answer;
    if (::send(control_, &order, sizeof order, MSG_NOSIGNAL) != sizeof order ||
        ::recv(control_, &answer, sizeof answer, 0) != sizeof answer) {
        throw std::runtime_error{"the viewers' process has ended"};
    }
    return answer;
}

} // namespace game
