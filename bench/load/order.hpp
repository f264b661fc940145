#pragma once

#include <cstdint>

namespace bench::load {

/// Follows the numbers of one stream, which are to be consecutive.
class order {
public:
    enum class verdict : std::uint8_t { in_order, duplicate, late };

    struct judgement {
        verdict is;
        /// Numbers that became missing; -1 where one that was missing came after all.
        std::int64_t missing;
    };

    judgement take(std::uint64_t number) noexcept {
        if (number >= next_ || !any()) {
            const std::uint64_t missing = any() ? number - next_ : 0;
            // What lies before the first is not missed.
            const std::uint64_t before = any() ? seen_ : ~std::uint64_t{0};
            seen_ = (missing < window - 1 ? before << (missing + 1) : 0) | 1;
            next_ = number + 1;
            return {verdict::in_order, static_cast<std::int64_t>(missing)};
        }
        const std::uint64_t back = next_ - 1 - number;
        if (back >= window) {
            return {verdict::late, 0};
        }
        const std::uint64_t bit = std::uint64_t{1} << back;
        if ((seen_ & bit) != 0) {
            return {verdict::duplicate, 0};
        }
        seen_ |= bit;
        return {verdict::late, -1};
    }

    bool any() const noexcept { return seen_ != 0; }

private:
    static constexpr std::uint64_t window = 64;

    std::uint64_t next_ = 0;
    /// Bit i: `next_ - 1 - i` was seen.
    std::uint64_t seen_ = 0;
};

} // namespace bench::load
