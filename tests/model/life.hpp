#pragma once

#include <crier/http/server.hpp>
#include <crier/http/stream_handler.hpp>
#include <crier/pubsub/manager.hpp>

#include "dice.hpp"
#include "published.hpp"

#include <boost/asio/awaitable.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace crier::model {

/// What is broken on purpose, to see that it is found.
enum class fault {
    none,
    join, ///< what was published while the history was read is sent twice
    gap,  ///< a gap is not told
};

constexpr std::size_t publishers = 2;

/// One life of the server, from its start to its end or its death.
class life {
public:
    life(std::uint32_t seed, fault broken);
    life(const life&) = delete;
    life& operator=(const life&) = delete;

    std::uint16_t port() const { return server_.local_endpoint().port(); }
    /// 0: the library was built without TLS.
    std::uint16_t tls_port() const {
        return tls_server_ ? tls_server_->local_endpoint().port() : 0;
    }
    manager& events() noexcept { return events_; }

    /// Publishes one event; false: the life is over.
    bool publish(std::size_t publisher, std::uint64_t number, dice& random);

    /// Lets all streams come to their end, or cuts them where they are.
    void end(bool properly);

    std::uint64_t epoch() const noexcept { return epoch_; }
    /// All that was published, once nobody publishes any more.
    std::vector<note> take_notes();

private:
    void serve(server& on, fault broken);
    boost::asio::awaitable<void> answer(exchange& request, fault broken);

    server server_;
    std::optional<server> tls_server_;
    manager events_;
    std::uint64_t epoch_ = 0;
    std::array<std::vector<note>, publishers> notes_;
    std::vector<std::thread> running_;
};

} // namespace crier::model
