#pragma once

#include "../dice.hpp"

#include <chrono>
#include <cstdint>
#include <thread>

namespace crier::model {

inline void sleep_up_to(std::uint32_t milliseconds, dice& random) {
    std::this_thread::sleep_for(std::chrono::milliseconds{random(milliseconds + 1)});
}

} // namespace crier::model
