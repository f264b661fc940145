#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace crier::detail {

/// Memory for the one handler, or two, that somebody has outstanding at a time: handing it to an
/// executor then allocates nothing. What does not fit comes from the heap.
///
/// Thread safety: any thread.
class handler_memory {
public:
    handler_memory() = default;
    handler_memory(const handler_memory&) = delete;
    handler_memory& operator=(const handler_memory&) = delete;

    void* allocate(std::size_t bytes) {
        for (block& each : blocks_) {
            if (bytes <= each.bytes.size() &&
                !each.used.exchange(true, std::memory_order_acquire)) {
                return each.bytes.data();
            }
        }
        return ::operator new(bytes);
    }

    void deallocate(void* memory) noexcept {
        for (block& each : blocks_) {
            if (memory == each.bytes.data()) {
                each.used.store(false, std::memory_order_release);
                return;
            }
        }
        ::operator delete(memory);
    }

private:
    struct block {
        alignas(std::max_align_t) std::array<std::byte, 256> bytes{};
        std::atomic<bool> used{false};
    };

    std::array<block, 2> blocks_;
};

/// Asio's way to it. It keeps the memory, as an executor may be the last to know of a handler.
template <class T>
class handler_allocator {
public:
    using value_type = T;

    explicit handler_allocator(std::shared_ptr<handler_memory> from) noexcept
        : from_{std::move(from)} {}
    template <class U>
    handler_allocator(const handler_allocator<U>& other) noexcept // NOLINT: as allocators convert
        : from_{other.memory()} {}

    T* allocate(std::size_t count) {
        static_assert(alignof(T) <= alignof(std::max_align_t));
        return static_cast<T*>(from_->allocate(count * sizeof(T)));
    }
    void deallocate(T* memory, std::size_t /*count*/) noexcept { from_->deallocate(memory); }

    const std::shared_ptr<handler_memory>& memory() const noexcept { return from_; }

    friend bool operator==(const handler_allocator& one, const handler_allocator& other) noexcept {
        return one.from_ == other.from_;
    }

private:
    std::shared_ptr<handler_memory> from_;
};

} // namespace crier::detail
