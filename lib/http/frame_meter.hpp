#pragma once

#include <cstddef>
#include <string_view>

namespace crier::detail {

/// Reads the heads of the frames that a client sends, however they come, for those that ask for
/// work and bring nothing. nghttp2 does not tell of all: it passes over some without a call.
class frame_meter {
public:
    /// How many such heads end in these bytes, which follow those before.
    std::size_t count(std::string_view bytes) noexcept;

private:
    static constexpr std::size_t head_bytes = 9;
    static constexpr std::size_t preface_bytes = 24;

    bool brings_nothing() noexcept;
    unsigned at(std::size_t which) const noexcept {
        return static_cast<unsigned char>(head_[which]);
    }

    std::size_t passed_over_ = preface_bytes; ///< bytes that are no head and still to come
    std::size_t has_ = 0;                     ///< bytes of the head
    std::size_t bodies_ = 0;                  ///< that have begun and not ended
    char head_[head_bytes]{};
};

} // namespace crier::detail
