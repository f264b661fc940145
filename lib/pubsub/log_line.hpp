#pragma once

#include "what.hpp"
#include "wire/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <exception>
#include <string_view>

namespace crier::detail {

/// A name from outside, as it is to stand in a line.
struct quoted_name {
    std::string_view name;
};

/// A line of a log, made without memory; what does not fit is cut off.
class log_line { // NOLINT(*-pro-type-member-init): what is told of the text is its size
public:
    log_line& operator<<(const char* text) noexcept { return *this << std::string_view{text}; }
    log_line& operator<<(std::string_view text) noexcept {
        const std::size_t size = std::min(text.size(), text_.size() - size_);
        std::copy_n(text.data(), size, text_.data() + size_);
        size_ += size;
        return *this;
    }

    log_line& operator<<(std::unsigned_integral auto number) noexcept {
        char digits[20];
        const char* const end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
        return *this << std::string_view{digits, static_cast<std::size_t>(end - digits)};
    }

    /// As a JSON string.
    log_line& operator<<(quoted_name given) noexcept {
        *this << "\"";
        for_each_sequence(given.name, [this](std::string_view each) { put_escaped(each); });
        return *this << "\"";
    }

    /// What an exception says.
    log_line& operator<<(const std::exception_ptr& thrown) noexcept {
        with_what(thrown, [this](std::string_view said) { *this << said; });
        return *this;
    }

    std::string_view text() const noexcept { return {text_.data(), size_}; }

    /// With a line feed at its end.
    std::string_view ended() noexcept {
        size_ = std::min(size_, text_.size() - 1);
        *this << "\n";
        return text();
    }

private:
    void put_escaped(std::string_view sequence) noexcept {
        constexpr std::string_view digits = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(sequence.front());
        constexpr std::string_view named = "\n\r\t";
        constexpr std::string_view names = "nrt";
        if (const std::size_t at = named.find(sequence.front()); at != named.npos) {
            *this << "\\" << names.substr(at, 1);
        } else if (byte < ' ' || byte == 0x7F) {
            const char escape[]{'\\', 'u', '0', '0', digits[byte >> 4U], digits[byte & 15U]};
            *this << std::string_view{escape, sizeof escape};
        } else if (byte == '"' || byte == '\\') {
            *this << "\\" << sequence;
        } else {
            *this << sequence;
        }
    }

    std::array<char, 1024> text_;
    std::size_t size_ = 0;
};

} // namespace crier::detail
