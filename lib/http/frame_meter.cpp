#include "frame_meter.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace crier::detail {

std::size_t frame_meter::count(std::string_view bytes) noexcept {
    std::size_t found = 0;
    while (!bytes.empty()) {
        if (passed_over_ > 0) {
            const std::size_t size = std::min(passed_over_, bytes.size());
            passed_over_ -= size;
            bytes.remove_prefix(size);
            continue;
        }
        const std::size_t size = std::min(head_bytes - has_, bytes.size());
        std::copy_n(bytes.data(), size, head_ + has_);
        has_ += size;
        bytes.remove_prefix(size);
        if (has_ == head_bytes) {
            has_ = 0;
            passed_over_ = std::size_t{at(0)} << 16 | at(1) << 8 | at(2);
            found += brings_nothing() ? 1 : 0;
        }
    }
    return found;
}

/// Heads bring requests; parts of a body bring something unless they are tiny, such as padding, but
/// for the last one.
bool frame_meter::brings_nothing() noexcept {
    constexpr std::size_t tiny = 16;
    const bool is_last = (at(4) & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (at(3)) {
    case NGHTTP2_HEADERS: bodies_ += is_last ? 0 : 1; return false;
    case NGHTTP2_DATA:
        if (is_last && bodies_ > 0) {
            --bodies_;
            return false;
        }
        return passed_over_ < tiny;
    default: return true;
    }
}

} // namespace crier::detail
