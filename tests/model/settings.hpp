#pragma once

#include "life.hpp"
#include "protocol.hpp"

#include <cstdint>
#include <random>
#include <vector>

namespace crier::model {

struct settings {
    std::uint32_t seed = std::random_device{}();
    std::uint32_t seconds = 10;
    std::uint32_t rate = 30'000;
    std::uint32_t readers = 16;
    std::vector<protocol> protocols = all_protocols();
    fault broken = fault::none;
};

/// Throws `std::invalid_argument`, which says how the options are used.
settings settings_from(int argc, char** argv);

} // namespace crier::model
