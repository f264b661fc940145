#pragma once

#include <crier/wire/frame.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>

namespace crier::detail {

/// How much memory is in use for what is counted in it.
class memory_account {
public:
    void add(std::size_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
    void remove(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
    std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::size_t> used_{0};
};

/// Counts what it allocates for as long as it is allocated, with what the heap takes for itself and
/// what is allocated elsewhere on its behalf.
template <class T>
class counting_allocator {
public:
    using value_type = T;

    counting_allocator(std::shared_ptr<memory_account> account, std::size_t overhead) noexcept
        : account_{std::move(account)}, overhead_{overhead} {}
    template <class U>
    counting_allocator( // NOLINT(google-explicit-constructor): an allocator converts to its kind
        const counting_allocator<U>& other) noexcept
        : account_{other.account()}, overhead_{other.overhead()} {}

    T* allocate(std::size_t count) {
        T* const allocated = std::allocator<T>{}.allocate(count);
        account_->add(count * sizeof(T) + overhead_);
        return allocated;
    }
    void deallocate(T* allocated, std::size_t count) noexcept {
        account_->remove(count * sizeof(T) + overhead_);
        std::allocator<T>{}.deallocate(allocated, count);
    }

    const std::shared_ptr<memory_account>& account() const noexcept { return account_; }
    std::size_t overhead() const noexcept { return overhead_; }

    template <class U>
    bool operator==(const counting_allocator<U>& other) const noexcept {
        return account_ == other.account();
    }

private:
    std::shared_ptr<memory_account> account_;
    std::size_t overhead_;
};

/// What a manager does to a frame before it shares it.
struct frame_access {
    /// As `make_frame`, counted in the account until the last copy has gone, with so many bytes
    /// more.
    static boost::system::result<frame> make(const event_view& event,
        const std::shared_ptr<memory_account>& account, std::size_t overhead);

    /// Replaces the id by another one of the same length.
    static void set_id(frame& of, std::string_view id) noexcept;
};

/// The id in a frame; empty without one.
std::string_view id_in(const frame& encoded) noexcept;

} // namespace crier::detail
