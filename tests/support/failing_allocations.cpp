#include "failing_allocations.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

thread_local long left = -1;
thread_local bool failed = false;

bool fails() noexcept {
    const bool now = left == 0;
    left -= left >= 0 ? 1 : 0;
    failed = failed || now;
    return now;
}

} // namespace

namespace crier::test {

void fail_allocation_after(long others) noexcept {
    left = others;
    failed = false;
}

bool allocation_failed() noexcept { return failed; }

} // namespace crier::test

void* operator new(std::size_t size) {
    void* const memory = fails() ? nullptr : std::malloc(size);
    if (memory == nullptr) {
        throw std::bad_alloc{};
    }
    return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

// Where Asio has its handlers' memory from.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
    void* memory = nullptr;
    if (fails() || ::posix_memalign(&memory, std::max(alignment, sizeof(void*)), size) != 0) {
        return nullptr;
    }
    return memory;
}
