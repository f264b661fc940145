#pragma once

#include <crier/export.hpp>

#include <cstddef>
#include <string_view>

namespace crier {

/// Why a client's stream ended.
enum class end_reason {
    client_left, ///< the client closed the connection, by FIN or RST
    stalled,     ///< the client took nothing for as long as a write may last
    shutdown,    ///< the manager was shut down
    finished,    ///< the handler ended the stream
    write_error, ///< another error of the connection
    cancelled,   ///< the handler's coroutine was cancelled
    refused,     ///< no stream began: the request or the manager's state did not allow it
    overflow,    ///< the client was too slow, and the policy is to disconnect it
    preflight,   ///< no stream was asked for yet: a browser was told what a page may do
};
inline constexpr std::size_t end_reasons = 9;

CRIER_EXPORT std::string_view to_string(end_reason reason) noexcept;

} // namespace crier
