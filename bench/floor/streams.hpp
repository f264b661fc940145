#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench::bare {

/// The connections of one thread, named by their file descriptors, and what they listen to.
class streams {
public:
    streams(int epoll, unsigned topics) : epoll_{epoll}, topics_(topics) {}
    ~streams();
    streams(const streams&) = delete;
    streams& operator=(const streams&) = delete;

    void add(int connection);
    void close(int connection);

    bool has(int connection) const {
        return index(connection) < clients_.size() && at(connection).open;
    }
    bool is_stream(int connection) const { return at(connection).topic != none; }

    /// The request so far.
    std::string& request(int connection) { return clients_[index(connection)].text; }

    /// Its request is complete: it is a stream of this topic.
    void subscribe(int connection, unsigned topic, std::string_view head);

    /// To all streams of a topic, one `send` for each.
    void send(unsigned topic, std::string_view chunk);

    /// Goes on with a chunk that a socket took only a part of.
    void resume(int connection);

    /// Events that a stream did not get because its socket was full.
    std::uint64_t dropped() const { return dropped_; }

private:
    static constexpr unsigned none = ~0U;

    struct client {
        /// Of the request what has come, then of a chunk what has not been sent.
        std::string text;
        unsigned topic = none;
        /// Among those of the topic.
        std::uint32_t place = 0;
        bool open = false;
    };

    static std::size_t index(int connection) { return static_cast<std::size_t>(connection); }
    const client& at(int connection) const { return clients_[index(connection)]; }
    bool send(int connection, std::string_view chunk);
    void watch(int connection, int operation, std::uint32_t events) const;

    int epoll_;
    std::vector<client> clients_;
    std::vector<std::vector<int>> topics_;
    std::uint64_t dropped_ = 0;
};

} // namespace bench::bare
