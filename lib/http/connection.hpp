#pragma once

#include <crier/http/server.hpp>

#include "async/alarms.hpp"
#include "async/stream_socket.hpp"
#include "detached_streams.hpp"
#include "encryption.hpp"
#include "handshake.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <stop_token>

namespace crier::detail {

/// What a connection needs of its server, and what its server needs to know of it.
struct connection_context {
    const server_options& options;
    const server::handler& handle;
    /// Where streams go that handlers leave to the server.
    detached_streams& streams;
    /// The server waits for this connection's end, and wants no further request on it.
    const bool& ending;
    /// None: connections are not encrypted.
    const encryption* encrypted_by;
    handshake_room& handshakes;
    const std::shared_ptr<alarms>& timing;
    /// Requested at the server's shutdown, for handlers.
    std::stop_token shutdown;
    /// Nothing is under way that its server would wait for.
    bool idle = true;
    /// There were too many connections already: it is answered with 503 and ended.
    bool is_one_too_many = false;
    /// Its place among the server's connections was taken over by a stream.
    bool is_handed_over = false;
};

/// Serves requests on a connection until either side ends it.
boost::asio::awaitable<void> run_connection(stream_socket socket, connection_context& context);

} // namespace crier::detail
