#pragma once

#include <cstddef>

namespace crier::detail {

/// Asks for memory before it is needed, so that nobody waits for it then.
inline void prefetch(const void* from, std::size_t bytes) noexcept {
    constexpr std::size_t line = 64;
    if (from == nullptr) {
        return;
    }
    const auto* const first = static_cast<const std::byte*>(from);
    for (std::size_t at = 0; at < bytes; at += line) {
        __builtin_prefetch(first + at);
    }
}

} // namespace crier::detail
