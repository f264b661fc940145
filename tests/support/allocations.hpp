#pragma once

#include <cstddef>

namespace crier::test {

/// How often this process has allocated, by `operator new` or as Asio does for its handlers.
long allocations() noexcept;

/// Bytes that were asked of `operator new` and are not freed.
std::size_t live_bytes() noexcept;

/// The most that `live_bytes` has been since the last call of `forget_peak`.
std::size_t peak_bytes() noexcept;
void forget_peak() noexcept;

} // namespace crier::test
