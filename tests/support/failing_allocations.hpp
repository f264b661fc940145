#pragma once

namespace crier::test {

/// What fails: one allocation, or it and all that come later.
enum class failing { once, from_then_on };

/// Lets the calling thread's allocation after so many more fail, be it one of `operator new` or of
/// Asio's handlers; negative: none.
void fail_allocation_after(long others, failing how = failing::once) noexcept;

/// While it is there, the memory of Asio's handlers does not fail. For coroutines on executors of
/// Asio: where a wait finds no memory to begin, Asio 1.81 posts from `~awaitable_thread`, and the
/// process ends where there is none for that either.
class spared_handlers {
public:
    spared_handlers() noexcept;
    spared_handlers(const spared_handlers&) = delete;
    spared_handlers& operator=(const spared_handlers&) = delete;
    ~spared_handlers();
};

/// Whether it has failed since then.
bool allocation_failed() noexcept;

} // namespace crier::test
