#include "allocations.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<long> count{0};
std::atomic<std::size_t> live{0};
std::atomic<std::size_t> peak{0};

/// Stands before each block, and keeps what follows aligned as `malloc` does.
struct alignas(std::max_align_t) head {
    std::size_t size;
};

} // namespace

namespace crier::test {

long allocations() noexcept { return count; }
std::size_t live_bytes() noexcept { return live; }
std::size_t peak_bytes() noexcept { return peak; }
void forget_peak() noexcept { peak = live.load(); }

} // namespace crier::test

void* operator new(std::size_t size) {
    ++count;
    auto* const block = static_cast<head*>(std::malloc(sizeof(head) + size));
    if (block == nullptr) {
        throw std::bad_alloc{};
    }
    block->size = size;
    const std::size_t now = live += size;
    std::size_t most = peak;
    while (most < now && !peak.compare_exchange_weak(most, now)) {
    }
    return block + 1;
}

void operator delete(void* memory) noexcept {
    if (memory != nullptr) {
        head* const block = static_cast<head*>(memory) - 1;
        live -= block->size;
        std::free(block);
    }
}

void operator delete(void* memory, std::size_t /*size*/) noexcept { operator delete(memory); }

// Where Asio has its handlers' memory from.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
    ++count;
    void* memory = nullptr;
    const bool failed = ::posix_memalign(&memory, std::max(alignment, sizeof(void*)), size) != 0;
    return failed ? nullptr : memory;
}
