#pragma once

#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The state of the machine, as Linux reports it in /proc. Functions parse text. Samplers read the
// files and keep the previous sample, since most of /proc counts from the boot. All throw
// std::runtime_error, which names the file, if one cannot be read or parsed.
namespace dashboard {

using time_point = std::chrono::steady_clock::time_point;

/// Ticks since the boot; `name` is "cpu" for all cores together, "cpu3" for one.
struct cpu_times {
    std::string name;
    std::uint64_t busy = 0;
    std::uint64_t total = 0;
};

/// Bytes since the boot that an interface received and transmitted, or a disk read and wrote.
struct byte_counts {
    std::string name;
    std::uint64_t in = 0;
    std::uint64_t out = 0;
};

/// /proc/stat: the sum first, then the cores.
std::vector<cpu_times> parse_cpu(std::string_view stat);

/// {"total", "cores"}: percent; 0 for a core without a previous sample.
boost::json::value cpu_usage(
    const std::vector<cpu_times>& before, const std::vector<cpu_times>& after);

/// /proc/meminfo: {"total", "used", "available", "cached", "swap_total", "swap_used"} in bytes.
boost::json::value memory_usage(std::string_view meminfo);

/// /proc/net/dev: interfaces in the order of the file, with `lo` last.
std::vector<byte_counts> parse_network(std::string_view dev);

/// /proc/diskstats: disks, without partitions and without devices on top of other disks.
std::vector<byte_counts> parse_disk(std::string_view diskstats);

/// [{"name", in, out}]: bytes per second; 0 without a previous count. `in` and `out` are the names
/// of the members.
boost::json::value byte_rates(const std::vector<byte_counts>& before,
    const std::vector<byte_counts>& after, std::chrono::duration<double> passed,
    std::string_view in, std::string_view out);

/// /proc/loadavg and /proc/uptime: {"one", "five", "fifteen", "running", "total", "uptime"}.
boost::json::value load_average(std::string_view loadavg, std::string_view uptime);

class cpu_sampler {
public:
    explicit cpu_sampler(std::filesystem::path proc = "/proc") : proc_(std::move(proc)) {}
    boost::json::value sample();

private:
    std::filesystem::path proc_;
    std::vector<cpu_times> before_;
};

class memory_sampler {
public:
    explicit memory_sampler(std::filesystem::path proc = "/proc") : proc_(std::move(proc)) {}
    boost::json::value sample() const;

private:
    std::filesystem::path proc_;
};

class network_sampler {
public:
    explicit network_sampler(std::filesystem::path proc = "/proc") : proc_(std::move(proc)) {}
    boost::json::value sample(time_point now = std::chrono::steady_clock::now());

private:
    std::filesystem::path proc_;
    std::vector<byte_counts> before_;
    time_point at_;
};

class disk_sampler {
public:
    explicit disk_sampler(std::filesystem::path proc = "/proc") : proc_(std::move(proc)) {}
    boost::json::value sample(time_point now = std::chrono::steady_clock::now());

private:
    std::filesystem::path proc_;
    std::vector<byte_counts> before_;
    time_point at_;
};

class load_sampler {
public:
    explicit load_sampler(std::filesystem::path proc = "/proc") : proc_(std::move(proc)) {}
    boost::json::value sample() const;

private:
    std::filesystem::path proc_;
};

} // namespace dashboard
