#pragma once

#include <crier/async/clock.hpp>
#include <crier/http/server.hpp>

#include "async/alarms.hpp"
#include "detached_streams.hpp"

#include <memory>
#include <stop_token>

namespace crier::detail {

/// What the requests of a connection need of who serves it, and what that needs to know of them.
struct request_context {
    const server_options& options;
    const server::handler& handle;
    /// Where streams go that handlers leave to the server.
    detached_streams& streams;
    const std::shared_ptr<alarms>& timing;
    /// Requested at the shutdown, for handlers.
    std::stop_token shutdown;
    /// Once that was requested: until when there is time; `max`: for ever.
    const clock::time_point& shutdown_by;
    /// Nothing is under way that the shutdown would wait for.
    bool idle = true;
    /// A stream has taken over the connection.
    bool is_handed_over = false;
};

/// Brings the options that are about requests into range. Throws `std::invalid_argument` on those
/// that make no sense.
void check_request_options(server_options& options);

} // namespace crier::detail
