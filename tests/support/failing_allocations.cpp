#include "failing_allocations.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

using crier::test::failing;

thread_local long left = -1;
thread_local failing what = failing::once;
thread_local bool failed = false;
thread_local bool handlers_are_spared = false;

bool fails() noexcept {
    const bool now = left == 0;
    if (left > 0 || (now && what == failing::once)) {
        --left;
    }
    failed = failed || now;
    return now;
}

} // namespace

namespace crier::test {

void fail_allocation_after(long others, failing how) noexcept {
    left = others;
    what = how;
    failed = false;
}

bool allocation_failed() noexcept { return failed; }

spared_handlers::spared_handlers() noexcept { handlers_are_spared = true; }
spared_handlers::~spared_handlers() { handlers_are_spared = false; }

} // namespace crier::test

void* operator new(std::size_t size) {
    void* const memory = fails() ? nullptr : std::malloc(size);
    if (memory == nullptr) {
        throw std::bad_alloc{};
    }
    return memory;
}

// A sanitizer has one of its own, which the delete here would not fit.
void* operator new(std::size_t size, const std::nothrow_t& /*unthrowing*/) noexcept {
    return fails() ? nullptr : std::malloc(size);
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

// Where Asio has its handlers' memory from.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
    void* memory = nullptr;
    if ((!handlers_are_spared && fails()) ||
        ::posix_memalign(&memory, std::max(alignment, sizeof(void*)), size) != 0) {
        return nullptr;
    }
    return memory;
}
