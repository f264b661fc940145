#pragma once

#include <boost/asio/bind_allocator.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace crier::detail {

/// Memory for one handler at a time: posting the handler then allocates nothing, and so cannot
/// fail. There are two blocks, since a strand takes one for itself and one for the executor below.
/// What does not fit comes from the heap. Asio's recycling allocator is no substitute: it has no
/// memory yet for a thread's first handlers.
///
/// Thread safety: any thread.
template <std::size_t size>
class handler_memory {
public:
    handler_memory() = default;
    handler_memory(const handler_memory&) = delete;
    handler_memory& operator=(const handler_memory&) = delete;

    void* allocate(std::size_t bytes) {
        for (block& each : blocks_) {
            if (bytes <= size && !each.used.exchange(true, std::memory_order_acquire)) {
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
    struct block { // NOLINT(cppcoreguidelines-pro-type-member-init): the bytes are a handler's
        alignas(std::max_align_t) std::array<std::byte, size> bytes;
        std::atomic<bool> used{false};
    };

    std::array<block, 2> blocks_;
};

/// Room for a posted handler with one or two pointers, on a strand too.
using small_handler_memory = handler_memory<96>;

/// The allocator that Asio asks, and copies a dozen times for each handler: by a plain pointer
/// where the handler keeps the memory, as Asio moves it out before it gives the memory back; by a
/// shared one where nothing else does.
template <class T, class Pointer>
class handler_allocator {
public:
    using value_type = T;

    template <class U>
    struct rebind {
        using other = handler_allocator<U, Pointer>;
    };

    explicit handler_allocator(Pointer from) noexcept : from_{std::move(from)} {}
    template <class U>
    handler_allocator( // NOLINT(google-explicit-constructor): as allocators convert
        const handler_allocator<U, Pointer>& other) noexcept
        : from_{other.memory()} {}

    T* allocate(std::size_t count) {
        static_assert(alignof(T) <= alignof(std::max_align_t));
        return static_cast<T*>(from_->allocate(count * sizeof(T)));
    }
    void deallocate(T* memory, std::size_t /*count*/) noexcept { from_->deallocate(memory); }

    const Pointer& memory() const noexcept { return from_; }

    friend bool operator==(const handler_allocator& one, const handler_allocator& other) noexcept {
        return one.from_ == other.from_;
    }

private:
    Pointer from_;
};

/// A handler that keeps its memory.
template <class Memory, class Handler>
struct keeping_memory {
    std::shared_ptr<Memory> memory;
    Handler handler;

    template <class... Arguments>
    void operator()(Arguments&&... arguments) {
        handler(std::forward<Arguments>(arguments)...);
    }
};

/// Binds a handler to its memory.
template <class Memory, class Handler>
auto bind_memory(std::shared_ptr<Memory> from, Handler handler) {
    const handler_allocator<std::byte, Memory*> allocator{from.get()};
    return boost::asio::bind_allocator(
        allocator, keeping_memory<Memory, Handler>{std::move(from), std::move(handler)});
}

} // namespace crier::detail
