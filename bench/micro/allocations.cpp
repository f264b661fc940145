#include "allocations.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

thread_local long count = 0;

void* allocate(std::size_t size, std::size_t alignment) noexcept {
    ++count;
    void* block = nullptr;
    return posix_memalign(&block, std::max(alignment, sizeof(void*)), size) == 0 ? block : nullptr;
}

void* checked(void* block) {
    if (block == nullptr) {
        throw std::bad_alloc{};
    }
    return block;
}

} // namespace

namespace crier::bench {

long allocations() noexcept { return count; }

} // namespace crier::bench

// NOLINTBEGIN(cppcoreguidelines-no-malloc): they are what others manage memory with

// The other forms of `new` and `delete` call these.
void* operator new(std::size_t size) {
    ++count;
    return checked(std::malloc(size));
}

void* operator new(std::size_t size, std::align_val_t alignment) {
    return checked(allocate(size, static_cast<std::size_t>(alignment)));
}

void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t /*size*/) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t /*alignment*/) noexcept { std::free(block); }
void operator delete(void* block, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
    std::free(block);
}

// NOLINTEND(cppcoreguidelines-no-malloc)

#ifdef __GLIBC__ // elsewhere posix_memalign may be made of it
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    return allocate(size, alignment);
}
#endif
