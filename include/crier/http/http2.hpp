#pragma once

#include <crier/export.hpp>

#include <chrono>
#include <cstddef>
#include <optional>

namespace crier {

/// How a server speaks HTTP/2 (RFC 9113).
struct http2_options {
    /// How many requests, streams among them, a client may have open on one connection.
    std::size_t streams = 128;
    /// How long a client with open streams may be silent until it is asked for a sign of life, and
    /// how long it may take for that. Zero or less means the default, `milliseconds::max()` never.
    std::chrono::milliseconds ping_interval = std::chrono::seconds{30};
};

/// The default options, or none where crier was built without HTTP/2.
CRIER_EXPORT std::optional<http2_options> http2_if_built() noexcept;

} // namespace crier
