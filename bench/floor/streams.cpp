#include "floor/streams.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace bench::bare {

streams::~streams() {
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        if (clients_[i].open) {
            ::close(static_cast<int>(i));
        }
    }
}

void streams::add(int connection) {
    if (index(connection) >= clients_.size()) {
        clients_.resize(index(connection) + 1);
    }
    clients_[index(connection)].open = true;
    watch(connection, EPOLL_CTL_ADD, EPOLLIN);
}

void streams::close(int connection) {
    auto& closed = clients_[index(connection)];
    if (closed.topic != none) {
        std::vector<int>& members = topics_[closed.topic];
        const int last = members.back();
        members[closed.place] = last;
        clients_[index(last)].place = closed.place;
        members.pop_back();
    }
    closed = {};
    ::close(connection);
}

void streams::subscribe(int connection, unsigned topic, std::string_view head) {
    auto& added = clients_[index(connection)];
    // Assigning an empty string would keep the memory.
    std::string{}.swap(added.text);
    added.topic = topic;
    added.place = static_cast<std::uint32_t>(topics_[topic].size());
    topics_[topic].push_back(connection);
    send(connection, head);
}

void streams::send(unsigned topic, std::string_view chunk) {
    const std::vector<int>& members = topics_[topic];
    for (std::size_t i = 0; i < members.size();) {
        // In the place of one that is closed there is another one.
        i += send(members[i], chunk) ? 1 : 0;
    }
}

/// Whether the stream is still there.
bool streams::send(int connection, std::string_view chunk) {
    std::string& unsent = clients_[index(connection)].text;
    if (!unsent.empty()) {
        ++dropped_;
        return true;
    }
    const ssize_t sent =
        ::send(connection, chunk.data(), chunk.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
        if (errno != EAGAIN) {
            close(connection);
            return false;
        }
        ++dropped_;
    } else if (static_cast<std::size_t>(sent) < chunk.size()) {
        unsent = chunk.substr(static_cast<std::size_t>(sent));
        watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
    return true;
}

void streams::resume(int connection) {
    std::string& unsent = clients_[index(connection)].text;
    const ssize_t sent =
        ::send(connection, unsent.data(), unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) {
        close(connection);
    } else if (sent > 0) {
        unsent.erase(0, static_cast<std::size_t>(sent));
        if (unsent.empty()) {
            watch(connection, EPOLL_CTL_MOD, EPOLLIN);
        }
    }
}

void streams::watch(int connection, int operation, std::uint32_t events) const {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.fd = connection;
    ::epoll_ctl(epoll_, operation, connection, &wanted);
}

} // namespace bench::bare
