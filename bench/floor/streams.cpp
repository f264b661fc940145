#include "floor/streams.hpp"

#include "floor/request.hpp"

#include <cerrno>

namespace bench::bare {

streams::streams(int epoll, const tls* encrypting, unsigned topics)
    : audience{epoll, encrypting}, topics_(topics) {}

void streams::add(int connection) {
    if (index(connection) >= clients_.size()) {
        clients_.resize(index(connection) + 1);
    }
    clients_[index(connection)].bytes = accept(connection);
    watch(connection, EPOLL_CTL_ADD, EPOLLIN);
}

bool streams::has(int connection) const {
    return index(connection) < clients_.size() && clients_[index(connection)].bytes;
}

bool streams::read(int connection) {
    const ssize_t size = clients_[index(connection)].bytes.receive(buffer_.get(), buffer_size);
    if (size > 0) {
        take(connection, {buffer_.get(), static_cast<std::size_t>(size)});
    } else if (size == 0 || errno != EAGAIN) {
        close(connection);
    }
    return has(connection);
}

void streams::take(int connection, std::string_view text) {
    client& from = clients_[index(connection)];
    if (from.topic != none) {
        return;
    }
    std::string& before = from.text;
    if (!before.empty()) {
        before += text;
        text = before;
    }
    const request asked = read_request(text, static_cast<unsigned>(topics_.size()));
    const std::string_view head = response_head(asked.is);
    if (asked.is == request::state::stream) {
        subscribe(connection, asked.topic, head);
    } else if (asked.is != request::state::incomplete) {
        from.bytes.send(head);
        close(connection);
    } else if (before.empty()) {
        before = text;
    }
}

void streams::close(int connection) {
    client& closed = clients_[index(connection)];
    if (closed.topic != none) {
        std::vector<int>& members = topics_[closed.topic];
        const int last = members.back();
        members[closed.place] = last;
        clients_[index(last)].place = closed.place;
        members.pop_back();
    }
    const client ended = std::exchange(closed, {});
}

void streams::subscribe(int connection, unsigned topic, std::string_view head) {
    client& added = clients_[index(connection)];
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
    client& to = clients_[index(connection)];
    if (!to.text.empty()) {
        ++dropped_;
        return true;
    }
    const ssize_t sent = to.bytes.send(chunk);
    if (sent < 0) {
        if (errno != EAGAIN) {
            close(connection);
            return false;
        }
        ++dropped_;
    } else if (static_cast<std::size_t>(sent) < chunk.size()) {
        to.text = chunk.substr(static_cast<std::size_t>(sent));
        watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
    return true;
}

void streams::resume(int connection) {
    client& to = clients_[index(connection)];
    const ssize_t sent = to.bytes.send(to.text);
    if (sent < 0 && errno != EAGAIN) {
        close(connection);
    } else if (sent > 0) {
        to.text.erase(0, static_cast<std::size_t>(sent));
        if (to.text.empty()) {
            watch(connection, EPOLL_CTL_MOD, EPOLLIN);
        }
    }
}

} // namespace bench::bare
