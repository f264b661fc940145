#pragma once

#include <cstdint>
#include <random>

namespace crier::model {

/// Numbers at random, the same for the same seed.
class dice {
public:
    explicit dice(std::uint32_t seed) : source_{seed} {}

    /// From 0 to one below.
    std::uint32_t operator()(std::uint32_t below) {
        return static_cast<std::uint32_t>(source_()) % below;
    }

private:
    std::mt19937 source_;
};

} // namespace crier::model
