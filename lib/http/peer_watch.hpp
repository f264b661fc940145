#pragma once

#include <crier/async/signal.hpp>

#include "async/stream_socket.hpp"
#include "responder.hpp"

#include <memory>

namespace crier::detail {

/// Watches whether the peer closes its side of a connection, and sets a signal then. It reads
/// nothing: what the peer sends meanwhile, such as a further request, stays for whoever reads next.
/// Asio alone cannot tell the end from such bytes, so this has an epoll set of its own.
class peer_watch final : public departure_watch {
public:
    /// Throws `system_error` where the system has no descriptor left.
    peer_watch(stream_socket& socket, signal& on_end);
    peer_watch(const peer_watch&) = delete;
    peer_watch& operator=(const peer_watch&) = delete;
    ~peer_watch() override;

    bool has_left() const noexcept override;

private:
    struct state;

    const std::shared_ptr<state> state_;
};

} // namespace crier::detail
