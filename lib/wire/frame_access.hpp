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

/// Counts what it allocates for as long as it is allocated, and what comes with a frame: the
/// entries and records that hold it, and what the heap takes for itself.
template <class T>
class counting_allocator {
public:
    using value_type = T;

    explicit counting_allocator(std::shared_ptr<memory_account> account) noexcept
        : account_{std::move(account)} {}
    template <class U>
    counting_allocator( // NOLINT(google-explicit-constructor): an allocator converts to its kind
        const counting_allocator<U>& other) noexcept
        : account_{other.account()} {}

    T* allocate(std::size_t count) {
        T* const allocated = std::allocator<T>{}.allocate(count);
        account_->add(count * sizeof(T) + overhead);
        return allocated;
    }
    void deallocate(T* allocated, std::size_t count) noexcept {
        account_->remove(count * sizeof(T) + overhead);
        std::allocator<T>{}.deallocate(allocated, count);
    }

    const std::shared_ptr<memory_account>& account() const noexcept { return account_; }

    template <class U>
    bool operator==(const counting_allocator<U>& other) const noexcept {
        return account_ == other.account();
    }

private:
    static constexpr std::size_t overhead = 256;

    std::shared_ptr<memory_account> account_;
};

/// What a manager does to a frame before it shares it.
struct frame_access {
    /// As `make_frame`, counted in the account until the last copy has gone.
    static boost::system::result<frame> make(
        const event_view& event, const std::shared_ptr<memory_account>& account);

    /// Replaces the id by another one of the same length.
    static void set_id(frame& of, std::string_view id) noexcept;
};

/// The id in a frame; empty without one.
std::string_view id_in(const frame& encoded) noexcept;

} // namespace crier::detail
