#pragma once

#include "common/payload.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench::bare {

/// Makes the events, each as one chunk or by itself.
class source {
public:
    source(std::size_t size, unsigned topics, bool in_chunks)
        : text_{size}, topics_{topics}, in_chunks_{in_chunks} {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        append(epoch_, static_cast<std::uint64_t>(now / std::chrono::milliseconds{1}), 36);
    }

    /// Of the next event.
    unsigned topic() const { return static_cast<unsigned>(published_ % topics_); }

    /// Valid until the next one.
    std::string_view next(std::uint64_t time) {
        event_.assign("data: ");
        event_ += text_.text(published_ / topics_, time);
        event_ += "\nid: ";
        event_ += epoch_;
        event_ += '.';
        append(event_, ++published_, 36);
        event_ += "\n\n";
        if (!in_chunks_) {
            return event_;
        }
        chunk_.clear();
        append(chunk_, event_.size(), 16);
        chunk_ += "\r\n";
        chunk_ += event_;
        chunk_ += "\r\n";
        return chunk_;
    }

    std::string_view heartbeat() const { return in_chunks_ ? "3\r\n:\n\n\r\n" : ":\n\n"; }

    std::uint64_t published() const { return published_; }

private:
    static void append(std::string& to, std::uint64_t value, int base) {
        char digits[20];
        to.append(digits, std::to_chars(std::begin(digits), std::end(digits), value, base).ptr);
    }

    payload text_;
    unsigned topics_;
    bool in_chunks_;
    std::uint64_t published_ = 0;
    std::string epoch_;
    std::string event_;
    std::string chunk_;
};

} // namespace bench::bare
