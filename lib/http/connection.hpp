#pragma once

#include "async/stream_socket.hpp"
#include "encryption.hpp"
#include "handshake.hpp"
#include "request_context.hpp"

#include <boost/asio/awaitable.hpp>

namespace crier::detail {

/// What a connection needs of its server, and what its server needs to know of it.
struct connection_context : request_context {
    /// The server waits for this connection's end, and wants no further request on it.
    const bool& ending;
    /// None: connections are not encrypted.
    const encryption* encrypted_by;
    handshake_room& handshakes;
    /// There were too many connections already: it is answered with 503 and ended.
    bool is_one_too_many = false;
};

/// Serves requests on a connection until either side ends it.
boost::asio::awaitable<void> run_connection(stream_socket socket, connection_context& context);

} // namespace crier::detail
