#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench::load {

/// Counts values in buckets that grow with them: what it tells is less than 1 % off, in memory
/// that does not grow.
class histogram {
public:
    void add(std::uint64_t value) noexcept {
        ++buckets_[bucket_of(value)];
        ++count_;
        sum_ += static_cast<double>(value);
        max_ = std::max(max_, value);
    }

    /// The value that such a part of all does not exceed.
    std::uint64_t percentile(double part) const noexcept {
        const auto rank = static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(count_)));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen >= rank && seen != 0) {
                return std::min(middle_of(i), max_);
            }
        }
        return max_;
    }

    double mean() const noexcept { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
    std::uint64_t max() const noexcept { return max_; }
    std::uint64_t count() const noexcept { return count_; }

    void clear() noexcept {
        std::fill(buckets_.begin(), buckets_.end(), 0);
        count_ = max_ = 0;
        sum_ = 0;
    }

private:
    /// Buckets for each power of two; below twice as many, each value has its own.
    static constexpr std::size_t per_power = 128;
    static constexpr std::size_t exact_bits = 8;

    static std::size_t bucket_of(std::uint64_t value) noexcept {
        const std::size_t shift =
            std::max<std::size_t>(std::bit_width(value), exact_bits) - exact_bits;
        return shift * per_power + (value >> shift);
    }

    static std::uint64_t middle_of(std::size_t bucket) noexcept {
        if (bucket < 2 * per_power) {
            return bucket;
        }
        const std::size_t shift = bucket / per_power - 1;
        const std::uint64_t lowest = std::uint64_t{bucket - shift * per_power} << shift;
        return lowest + (std::uint64_t{1} << shift) / 2;
    }

    std::vector<std::uint64_t> buckets_ =
        std::vector<std::uint64_t>((64 - exact_bits + 2) * per_power);
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
    double sum_ = 0;
};

} // namespace bench::load
