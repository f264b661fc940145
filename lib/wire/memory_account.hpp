#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace crier::detail {

/// What the heap takes for a block of so many bytes: glibc's rounding and its word of its own.
constexpr std::size_t heap_size(std::size_t bytes) noexcept {
    constexpr std::size_t word = 8;
    constexpr std::size_t step = 16;
    return std::max<std::size_t>((bytes + word + step - 1) / step * step, 2 * step);
}

/// How much memory is in use for what is counted in it. Thread-safe.
class memory_account
    : public boost::intrusive_ref_counter<memory_account, boost::thread_safe_counter> {
public:
    void add(std::size_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
    void remove(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
    std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::size_t> used_{0};
};

using memory_account_ptr = boost::intrusive_ptr<memory_account>;

/// Counts what it allocates for as long as it is allocated.
template <class T>
class counting_allocator {
public:
    using value_type = T;

    explicit counting_allocator(memory_account_ptr account) noexcept
        : account_{std::move(account)} {}
    template <class U>
    counting_allocator( // NOLINT(google-explicit-constructor): as allocators convert
        const counting_allocator<U>& other) noexcept
        : account_{other.account()} {}

    counting_allocator(const counting_allocator&) = default;
    counting_allocator& operator=(const counting_allocator&) = default;

    T* allocate(std::size_t count) {
        T* const allocated = std::allocator<T>{}.allocate(count);
        account_->add(heap_size(count * sizeof(T)));
        return allocated;
    }
    void deallocate(T* allocated, std::size_t count) noexcept {
        if (account_) { // it is always there, but GCC 12 warns of it being null
            account_->remove(heap_size(count * sizeof(T)));
        }
        std::allocator<T>{}.deallocate(allocated, count);
    }

    const memory_account_ptr& account() const noexcept { return account_; }

    template <class U>
    bool operator==(const counting_allocator<U>& other) const noexcept {
        return account_ == other.account();
    }

private:
    memory_account_ptr account_;
};

} // namespace crier::detail
