#pragma once

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace crier::fuzz {

/// Ends the process, as a crash does, which is what a fuzzer looks for.
inline void require(bool holds, const char* what, std::string_view seen = {}) {
    if (!holds) {
        std::cerr << "not so: " << what << "\n" << seen << std::endl;
        std::abort();
    }
}

} // namespace crier::fuzz
