#pragma once

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/// The time that all programs of the benchmark measure by: it is the same in every process.
inline std::uint64_t monotonic_now() {
    // On Linux the steady clock is CLOCK_MONOTONIC.
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count());
}

/// Writes the text of an event, `n=<number> t=<time> xxx...`, in its full size.
class payload {
public:
    explicit payload(std::size_t size) : size_{size} {}

    /// Valid until the next one.
    std::string_view text(std::uint64_t number, std::uint64_t time) {
        text_.assign("n=");
        append(number);
        text_ += " t=";
        append(time);
        if (text_.size() < size_) {
            text_ += ' ';
            text_.resize(size_, 'x');
        }
        return text_;
    }

private:
    void append(std::uint64_t value) {
        char digits[20];
        text_.append(digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr);
    }

    std::size_t size_;
    std::string text_;
};

} // namespace bench
