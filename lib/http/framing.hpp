#pragma once

#include <crier/http/gate.hpp>

#include <cstddef>
#include <optional>

namespace crier::detail {

/// Where a request ends: how long the body is that follows its head.
struct framing {
    std::size_t length = 0;
    bool chunked = false;          ///< the length is told in the body
    bool expects_continue = false; ///< the client waits to be told to send the body

    bool has_body() const noexcept { return chunked || length > 0; }
};

/// Reads the framing from a head, and refuses all that different servers read differently.
std::optional<refusal> read_framing(const request_head& head, framing& read);

/// Reads a head as `read_head` does, but for its framing.
std::optional<refusal> read_lines(
    std::string_view raw, request_head& head, const gate_limits& limits);

} // namespace crier::detail
