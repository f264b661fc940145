#include "test_clock.hpp"

#include <atomic>

namespace crier {
namespace {

std::atomic<clock::rep> offset{0};

/// Where the steady clock stood when it was frozen; 0 while it runs.
std::atomic<clock::rep> stands_at{0};
int freezes = 0;

clock::rep steady_now() noexcept {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

} // namespace

clock::time_point clock::now() noexcept {
    const rep stands = stands_at.load(std::memory_order_relaxed);
    return time_point{
        duration{(stands == 0 ? steady_now() : stands) + offset.load(std::memory_order_relaxed)}};
}

namespace detail {

void test_clock::advance(clock::duration by) noexcept { offset.fetch_add(by.count()); }

void test_clock::freeze() noexcept {
    if (freezes++ == 0) {
        stands_at = steady_now();
    }
}

void test_clock::thaw() noexcept {
    if (--freezes == 0) {
        stands_at = 0;
    }
}

} // namespace detail

} // namespace crier
