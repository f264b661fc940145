#pragma once

#include <crier/export.hpp>

#include <cstddef>
#include <string_view>

namespace crier {

/// Why a client's stream ended.
enum class end_reason {
    client_left,  ///< the client closed the connection, by FIN or RST
    stalled,      ///< the client took nothing for the heartbeat interval
    shutdown,     ///< the manager was shut down
    ended,        ///< `manager::end_streams` ended the stream
    write_error,  ///< another error of the connection
    cancelled,    ///< the coroutine was cancelled
    refused,      ///< no stream began: the answer was 4xx, 503, or 204 as its topics are closed
    overflow,     ///< the queue was full, and the policy is to disconnect
    preflight,    ///< no stream began: the request was a preflight, answered with 204
    head,         ///< no stream began: the request was HEAD, answered with the header alone
    topic_closed, ///< `manager::close_topic` closed a topic of the stream
};
inline constexpr std::size_t end_reasons = 11;

CRIER_EXPORT std::string_view to_string(end_reason reason) noexcept;

} // namespace crier
