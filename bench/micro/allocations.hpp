#pragma once

namespace crier::bench {

/// How often this thread has allocated: by `operator new`, and by `aligned_alloc`, from which Asio
/// takes what it keeps handlers in.
long allocations() noexcept;

} // namespace crier::bench
