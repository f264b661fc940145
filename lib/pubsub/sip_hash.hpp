#pragma once

#include "wire/text.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crier::detail {

struct sip_key {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

/// SipHash-1-3: one round for each eight bytes, and three at the end. The bytes of a word are taken
/// in the machine's order. Source: "SipHash: a fast short-input PRF", 2012.
class sip_hash {
public:
    explicit sip_hash(const sip_key& key) noexcept
        : a_{0x736f6d6570736575 ^ key.low},
          b_{0x646f72616e646f6d ^ key.high},
          c_{0x6c7967656e657261 ^ key.low},
          d_{0x7465646279746573 ^ key.high} {}

    std::uint64_t operator()(std::string_view bytes) noexcept {
        constexpr unsigned length_at = 56;
        const std::uint64_t length = bytes.size();
        for (; bytes.size() >= sizeof length; bytes.remove_prefix(sizeof length)) {
            take(load_eight(bytes.data()));
        }
        take(length << length_at | rest(bytes));
        constexpr unsigned mark = 0xFF;
        c_ ^= mark;
        round();
        round();
        round();
        return a_ ^ b_ ^ c_ ^ d_;
    }

private:
    /// Fewer than eight bytes, the first of them lowest.
    static std::uint64_t rest(std::string_view bytes) noexcept {
        constexpr unsigned bits = 8;
        std::uint64_t word = 0;
        for (std::size_t at = bytes.size(); at != 0; --at) {
            word = word << bits | static_cast<unsigned char>(bytes[at - 1]);
        }
        return word;
    }

    void take(std::uint64_t word) noexcept {
        d_ ^= word;
        round();
        a_ ^= word;
    }

    void round() noexcept {
        a_ += b_;
        c_ += d_;
        b_ = std::rotl(b_, 13) ^ a_;
        d_ = std::rotl(d_, 16) ^ c_;
        a_ = std::rotl(a_, 32);
        c_ += b_;
        a_ += d_;
        b_ = std::rotl(b_, 17) ^ c_;
        d_ = std::rotl(d_, 21) ^ a_;
        c_ = std::rotl(c_, 32);
    }

    std::uint64_t a_;
    std::uint64_t b_;
    std::uint64_t c_;
    std::uint64_t d_;
};

} // namespace crier::detail
