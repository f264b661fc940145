#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

/// The newest of many measured values, as many as there is room for, and where they lie.
class percentiles {
public:
    void add(std::uint32_t value) {
        constexpr std::size_t most = std::size_t{1} << 20;
        if (values_.size() < most) {
            values_.push_back(value);
        } else {
            values_[next_++ % most] = value;
        }
    }

    /// The value that such a part of all does not exceed; 0 without any.
    std::uint32_t at(double part) {
        if (values_.empty()) {
            return 0;
        }
        const auto last = static_cast<double>(values_.size() - 1);
        const auto place = values_.begin() + static_cast<std::ptrdiff_t>(part * last);
        std::nth_element(values_.begin(), place, values_.end());
        return *place;
    }

private:
    std::vector<std::uint32_t> values_;
    std::size_t next_ = 0;
};

} // namespace bench
