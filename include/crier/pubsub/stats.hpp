#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
    preflight,   ///< no stream was asked for yet: a browser was told what a page may do
};
inline constexpr std::size_t end_reasons = 8;

std::string_view to_string(end_reason reason) noexcept;

/// Counts since the manager was made, but for those that are said to be present.
struct event_counts {
    std::uint64_t published = 0; ///< events that got a sequence number
    std::uint64_t delivered = 0; ///< events put into a subscriber's queue, once for each subscriber
    std::uint64_t dropped = 0;   ///< events that a subscriber missed, its queue being full
    std::uint64_t bytes = 0;     ///< encoded bytes of those delivered
};

struct topic_stats : event_counts {
    std::string name;
    std::size_t subscribers = 0; ///< at present
    bool polled = false;         ///< a polling service was started for it
};

struct manager_stats : event_counts {
    std::size_t subscribers = 0;                    ///< at present
    std::size_t sessions = 0;                       ///< streams open at present
    std::array<std::uint64_t, end_reasons> ended{}; ///< streams ended, by `end_reason`
    std::vector<topic_stats> topics;                ///< those present, in the order of their names
};

} // namespace crier
