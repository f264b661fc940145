#pragma once

#include "floor/channel.hpp"

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace bench::bare {

/// The connections of one thread, named by their file descriptors, and what they listen to.
class audience {
public:
    audience(int epoll, const tls* encrypting)
        : buffer_{std::make_unique_for_overwrite<char[]>(buffer_size)},
          epoll_{epoll},
          tls_{encrypting} {}
    audience(const audience&) = delete;
    audience& operator=(const audience&) = delete;
    virtual ~audience() = default;

    virtual void add(int connection) = 0;
    virtual bool has(int connection) const = 0;

    /// Whether it is still there.
    virtual bool read(int connection) = 0;

    /// To all streams of a topic.
    virtual void send(unsigned topic, std::string_view event) = 0;

    /// Goes on with what a socket took only a part of.
    virtual void resume(int connection) = 0;

    /// Events that a stream did not get because its socket was full.
    std::uint64_t dropped() const { return dropped_; }

protected:
    static constexpr std::size_t buffer_size = std::size_t{16} * 1024;

    static std::size_t index(int connection) { return static_cast<std::size_t>(connection); }

    channel accept(int connection) const {
        return {connection, tls_ != nullptr ? tls_->accept(connection) : nullptr};
    }

    void watch(int connection, int operation, std::uint32_t events) const {
        epoll_event wanted{};
        wanted.events = events;
        wanted.data.fd = connection;
        ::epoll_ctl(epoll_, operation, connection, &wanted);
    }

    /// For what is received, which is used up at once.
    const std::unique_ptr<char[]> buffer_;
    std::uint64_t dropped_ = 0;

private:
    int epoll_;
    const tls* tls_;
};

} // namespace bench::bare
