#pragma once

#include "floor/audience.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench::bare {

/// Streams by HTTP/1.1, each with a connection of its own: one `send` for each event and stream.
class streams final : public audience {
public:
    streams(int epoll, const tls* encrypting, unsigned topics);

    void add(int connection) override;
    bool has(int connection) const override;
    bool read(int connection) override;
    void send(unsigned topic, std::string_view chunk) override;
    void resume(int connection) override;

private:
    static constexpr unsigned none = ~0U;

    struct client {
        /// Of the request what has come, then of a chunk what has not been sent.
        std::string text;
        channel bytes;
        unsigned topic = none;
        /// Among those of the topic.
        std::uint32_t place = 0;
    };

    void take(int connection, std::string_view text);
    void subscribe(int connection, unsigned topic, std::string_view head);
    bool send(int connection, std::string_view chunk);
    void close(int connection);

    std::vector<client> clients_;
    std::vector<std::vector<int>> topics_;
};

} // namespace bench::bare
