#pragma once

#include <nghttp2/nghttp2.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace crier::detail {

/// Where nghttp2 gets its memory. Of its buffer for a whole frame it uses only the first bytes
/// here: the rest takes no memory, even where it was used for something else before.
struct nghttp2_memory {
    static nghttp2_mem* get() noexcept {
        static nghttp2_mem all{nullptr, allocate, release, allocate_zeroed, reallocate};
        return &all;
    }

private:
    // As nghttp2 would by itself. NOLINTBEGIN(*-no-malloc)
    static void* allocate(std::size_t size, void* /*user*/) noexcept {
        constexpr std::size_t whole_frame = 16'384;
        void* const made = std::malloc(size);
        if (made != nullptr && size >= whole_frame) {
            give_pages_back(made, size);
        }
        return made;
    }

    /// The kernel gives them anew, and empty, when they are used.
    static void give_pages_back(void* of, std::size_t size) noexcept {
        static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
        const std::size_t before = (page - reinterpret_cast<std::uintptr_t>(of) % page) % page;
        if (before < size) {
            ::madvise(
                static_cast<char*>(of) + before, (size - before) / page * page, MADV_DONTNEED);
        }
    }

    static void release(void* made, void* /*user*/) noexcept { std::free(made); }
    static void* allocate_zeroed(std::size_t count, std::size_t size, void* /*user*/) noexcept {
        return std::calloc(count, size);
    }
    static void* reallocate(void* made, std::size_t size, void* /*user*/) noexcept {
        return std::realloc(made, size);
    }
    // NOLINTEND(*-no-malloc)
};

} // namespace crier::detail
