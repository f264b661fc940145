#pragma once

namespace crier::test {

/// What fails: one allocation, or it and all that come later.
enum class failing { once, from_then_on };

/// Lets the calling thread's allocation after so many more fail, be it one of `operator new` or of
/// Asio's handlers; negative: none.
void fail_allocation_after(long others, failing how = failing::once) noexcept;

/// Whether it has failed since then.
bool allocation_failed() noexcept;

} // namespace crier::test
