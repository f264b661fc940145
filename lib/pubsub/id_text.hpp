#pragma once

#include <crier/pubsub/event_id.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>

namespace crier::detail {

/// An id's text, made without memory.
class id_text {
public:
    explicit id_text(event_id id) noexcept { // NOLINT(*-pro-type-member-init): written here
        constexpr int base = 36;
        char* const end = text_.data() + text_.size();
        char* at = std::to_chars(text_.data(), end, id.epoch, base).ptr;
        *at++ = '.';
        at = std::to_chars(at, end, id.sequence, base).ptr;
        size_ = static_cast<std::size_t>(at - text_.data());
    }

    std::string_view view() const noexcept { return {text_.data(), size_}; }

private:
    static constexpr std::size_t most_digits = 13; // of 64 bits
    std::array<char, 2 * most_digits + 1> text_;
    std::size_t size_ = 0;
};

} // namespace crier::detail
