#pragma once

namespace crier::test {

/// How often `operator new` was called in this process.
long allocations() noexcept;

} // namespace crier::test
