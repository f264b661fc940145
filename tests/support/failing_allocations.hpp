#pragma once

namespace crier::test {

/// Lets the calling thread's allocation after so many more fail, once, be it one of `operator new`
/// or of Asio's handlers; negative: none.
void fail_allocation_after(long others) noexcept;

/// Whether it has failed since then.
bool allocation_failed() noexcept;

} // namespace crier::test
