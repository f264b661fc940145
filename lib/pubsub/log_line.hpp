#pragma once

#include "async/what.hpp"
#include "wire/printable.hpp"

#include <boost/system/error_code.hpp>

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

/// A line of a log, made without memory. What is not printable in it is escaped; what does not fit
/// is cut off, between characters.
class log_line { // NOLINT(*-pro-type-member-init): what is told of the text is its size
public:
    log_line& operator<<(const char* text) noexcept { return *this << std::string_view{text}; }
    log_line& operator<<(std::string_view text) noexcept {
        for_each_printable(text, [this](std::string_view each) { put(each); });
        return *this;
    }

    log_line& operator<<(std::unsigned_integral auto number) noexcept {
        char digits[20];
        const char* const end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
        return *this << std::string_view{digits, static_cast<std::size_t>(end - digits)};
    }

    /// As a JSON string.
    log_line& operator<<(quoted_name given) noexcept {
        put("\"");
        for_each_printable(given.name, [this](std::string_view each) {
            put(each == "\"" ? "\\\"" : each == "\\" ? "\\\\" : each);
        });
        put("\"");
        return *this;
    }

    /// What an exception says.
    log_line& operator<<(const std::exception_ptr& thrown) noexcept {
        with_what(thrown, [this](std::string_view said) { *this << said; });
        return *this;
    }

    log_line& operator<<(const boost::system::error_code& error) noexcept {
        char words[256]; // a string would need memory
        return *this << std::string_view{error.message(words, sizeof words)};
    }

    std::string_view text() const noexcept { return {text_.data(), size_}; }

    /// With a line feed at its end.
    std::string_view ended() noexcept {
        text_[size_] = '\n';
        return {text_.data(), size_ + 1};
    }

private:
    void put(std::string_view piece) noexcept {
        constexpr std::size_t line_feed = 1;
        is_full_ = is_full_ || piece.size() > text_.size() - line_feed - size_;
        if (!is_full_) {
            std::ranges::copy(piece, text_.data() + size_);
            size_ += piece.size();
        }
    }

    std::array<char, 1024> text_;
    std::size_t size_ = 0;
    bool is_full_ = false;
};

} // namespace crier::detail
