#pragma once

#include <chrono>
#include <new>
#include <thread>

namespace crier::detail {

/// How soon something is tried again.
inline constexpr std::chrono::milliseconds before_again{100};

/// Calls a function until there is memory for it. For threads that may wait.
template <class Function>
auto persistently(Function function) {
    while (true) {
        try {
            return function();
        } catch (const std::bad_alloc&) {
            std::this_thread::sleep_for(before_again);
        }
    }
}

} // namespace crier::detail
