#pragma once

#include "machine.hpp"

namespace dashboard {

struct process {
    int pid = 0;
    std::string name;
    std::uint64_t ticks = 0;   ///< of CPU time since its start
    std::uint64_t started = 0; ///< ticks since the boot; distinguishes processes with the same pid
    std::uint64_t pages = 0;   ///< of memory that are resident
};

/// /proc/[pid]/stat and /proc/[pid]/statm.
process parse_process(std::string_view stat, std::string_view statm);

/// The processes that used the most CPU time since the previous sample.
class process_sampler {
public:
    explicit process_sampler(std::filesystem::path proc = "/proc");

    /// {"processes": [{"pid", "name", "cpu", "memory"}]}: percent of one core, bytes.
    boost::json::value sample(time_point now = std::chrono::steady_clock::now());

private:
    std::filesystem::path proc_;
    double ticks_per_second_;
    std::uint64_t page_size_;
    std::vector<process> before_; // by pid
    time_point at_;
};

} // namespace dashboard
