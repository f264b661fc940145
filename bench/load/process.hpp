#pragma once

#include <cstdint>
#include <vector>

namespace bench::load {

struct usage {
    double cpu_seconds = 0;
    std::uint64_t resident_bytes = 0;
};

/// What processes and their descendants have used so far. Errors: throws `std::runtime_error`
/// where one of the processes is no more.
usage usage_of(const std::vector<int>& processes);

/// The same for this process; no memory.
double own_cpu_seconds();

} // namespace bench::load
