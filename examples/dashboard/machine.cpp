#include "machine.hpp"

#include "proc_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

namespace json = boost::json;

namespace dashboard {
namespace {

constexpr std::string_view stat_file = "/proc/stat";
constexpr std::string_view meminfo_file = "/proc/meminfo";
constexpr std::string_view network_file = "/proc/net/dev";
constexpr std::string_view disk_file = "/proc/diskstats";
constexpr std::string_view loadavg_file = "/proc/loadavg";
constexpr std::string_view uptime_file = "/proc/uptime";

[[noreturn]] void fail_line(std::string_view file, std::string_view line) {
    fail(file, "cannot understand the line \"" + valid_utf8(line) + "\"");
}

template <typename T>
const T* find_name(const std::vector<T>& entries, std::string_view name) {
    const auto found = std::ranges::find(entries, name, &T::name);
    return found == entries.end() ? nullptr : &*found;
}

double percent(const cpu_times* before, const cpu_times& after) {
    if (!before) return 0;
    const std::uint64_t total = advance(before->total, after.total);
    if (total == 0) return 0;
    const double share =
        static_cast<double>(advance(before->busy, after.busy)) / static_cast<double>(total);
    return std::round(std::min(share, 1.0) * 1000) / 10;
}

bool digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The kernel names a partition by its disk and a number, with a p between where the disk itself
// ends in a number: sda1, nvme0n1p1.
bool partition_of(std::string_view disk, std::string_view name) {
    if (disk.empty() || !name.starts_with(disk)) return false;
    name.remove_prefix(disk.size());
    if (digits(disk.substr(disk.size() - 1))) {
        if (!name.starts_with('p')) return false;
        name.remove_prefix(1);
    }
    return digits(name);
}

// Reads and writes of dm and md devices are counted again on the disks below them.
bool virtual_disk(std::string_view name) {
    for (const std::string_view prefix : {"loop", "ram", "zram", "dm-", "md"})
        if (name.starts_with(prefix)) return true;
    return false;
}

} // namespace

std::vector<cpu_times> parse_cpu(std::string_view stat) {
    std::vector<cpu_times> times;
    for (const std::string_view line : lines(stat)) {
        if (!line.starts_with("cpu")) continue;
        const auto fields = words(line);
        if (fields.size() < 5) fail_line(stat_file, line);
        // Guest time, from the tenth field on, is part of user time already.
        cpu_times entry{.name = valid_utf8(fields[0])};
        for (std::size_t i = 1; i < std::min<std::size_t>(fields.size(), 9); ++i) {
            const auto ticks = number<std::uint64_t>(stat_file, fields[i]);
            const bool idle = i == 4 || i == 5;
            entry.total += ticks;
            if (!idle) entry.busy += ticks;
        }
        times.push_back(std::move(entry));
    }
    if (times.empty() || times.front().name != "cpu") fail(stat_file, "has no line of the cpu");
    return times;
}

json::value cpu_usage(const std::vector<cpu_times>& before, const std::vector<cpu_times>& after) {
    json::object usage{{"total", 0.0}};
    json::array cores;
    for (const cpu_times& times : after) {
        const double used = percent(find_name(before, times.name), times);
        if (times.name == "cpu")
            usage["total"] = used;
        else
            cores.emplace_back(used);
    }
    usage["cores"] = std::move(cores);
    return usage;
}

json::value memory_usage(std::string_view meminfo) {
    const auto all = lines(meminfo);
    const auto bytes = [&](std::string_view key) {
        for (const std::string_view line : all) {
            const auto fields = words(line);
            if (fields.empty() || fields[0] != key) continue;
            if (fields.size() < 2) fail_line(meminfo_file, line);
            return number<std::uint64_t>(meminfo_file, fields[1]) * 1024;
        }
        fail(meminfo_file, "has no line \"" + std::string(key) + "\"");
    };
    const std::uint64_t total = bytes("MemTotal:");
    const std::uint64_t available = bytes("MemAvailable:");
    const std::uint64_t swap_total = bytes("SwapTotal:");
    // Shared memory is counted in the cache, but cannot be given back as the rest of it can.
    const std::uint64_t cache = bytes("Buffers:") + bytes("Cached:") + bytes("SReclaimable:");
    return {{"total", total}, {"used", advance(available, total)}, {"available", available},
        {"cached", advance(bytes("Shmem:"), cache)}, {"swap_total", swap_total},
        {"swap_used", advance(bytes("SwapFree:"), swap_total)}};
}

std::vector<byte_counts> parse_network(std::string_view dev) {
    std::vector<byte_counts> counts;
    for (const std::string_view line : lines(dev)) {
        if (line.find('|') != std::string_view::npos) continue; // the heading
        // The number may follow its colon with no blank between, and a name may hold a colon.
        const std::size_t colon = line.rfind(':');
        if (colon == std::string_view::npos) fail_line(network_file, line);
        const auto name = words(line.substr(0, colon));
        const auto fields = words(line.substr(colon + 1));
        if (name.size() != 1 || fields.size() < 9) fail_line(network_file, line);
        counts.push_back({valid_utf8(name[0]), number<std::uint64_t>(network_file, fields[0]),
            number<std::uint64_t>(network_file, fields[8])});
    }
    const auto loopback = std::ranges::find(counts, "lo", &byte_counts::name);
    if (loopback != counts.end()) std::rotate(loopback, loopback + 1, counts.end());
    return counts;
}

std::vector<byte_counts> parse_disk(std::string_view diskstats) {
    constexpr std::uint64_t sector = 512; // whatever the sector of the disk is
    std::vector<byte_counts> counts;
    for (const std::string_view line : lines(diskstats)) {
        const auto fields = words(line);
        if (fields.size() < 10) fail_line(disk_file, line);
        counts.push_back(
            {valid_utf8(fields[2]), number<std::uint64_t>(disk_file, fields[5]) * sector,
                number<std::uint64_t>(disk_file, fields[9]) * sector});
    }
    std::vector<byte_counts> disks;
    std::ranges::copy_if(counts, std::back_inserter(disks), [&](const byte_counts& c) {
        return !virtual_disk(c.name) && std::ranges::none_of(counts, [&](const byte_counts& disk) {
            return partition_of(disk.name, c.name);
        });
    });
    return disks;
}

json::value byte_rates(const std::vector<byte_counts>& before,
    const std::vector<byte_counts>& after, std::chrono::duration<double> passed,
    std::string_view in, std::string_view out) {
    const auto rate = [&](std::uint64_t then, std::uint64_t now) -> std::uint64_t {
        if (passed.count() <= 0) return 0;
        return static_cast<std::uint64_t>(static_cast<double>(advance(then, now)) / passed.count());
    };
    json::array rates;
    for (const byte_counts& now : after) {
        const byte_counts* found = find_name(before, now.name);
        const byte_counts& then = found ? *found : now;
        rates.push_back(
            {{"name", now.name}, {in, rate(then.in, now.in)}, {out, rate(then.out, now.out)}});
    }
    return rates;
}

json::value load_average(std::string_view loadavg, std::string_view uptime) {
    const auto loads = words(lines(loadavg).empty() ? loadavg : lines(loadavg).front());
    const auto up = words(uptime);
    const std::size_t slash = loads.size() < 4 ? std::string_view::npos : loads[3].find('/');
    if (slash == std::string_view::npos) fail_line(loadavg_file, loadavg);
    if (up.empty()) fail_line(uptime_file, uptime);
    return {{"one", number<double>(loadavg_file, loads[0])},
        {"five", number<double>(loadavg_file, loads[1])},
        {"fifteen", number<double>(loadavg_file, loads[2])},
        {"running", number<std::uint64_t>(loadavg_file, loads[3].substr(0, slash))},
        {"total", number<std::uint64_t>(loadavg_file, loads[3].substr(slash + 1))},
        {"uptime", number<double>(uptime_file, up[0])}};
}

json::value cpu_sampler::sample() {
    auto now = parse_cpu(read_file(proc_ / "stat"));
    json::value usage = cpu_usage(before_, now);
    before_ = std::move(now);
    return usage;
}

json::value memory_sampler::sample() const { return memory_usage(read_file(proc_ / "meminfo")); }

json::value network_sampler::sample(time_point now) {
    auto counts = parse_network(read_file(proc_ / "net" / "dev"));
    json::value rates = byte_rates(before_, counts, now - at_, "receive", "transmit");
    before_ = std::move(counts);
    at_ = now;
    return json::object{{"interfaces", std::move(rates)}};
}

json::value disk_sampler::sample(time_point now) {
    auto counts = parse_disk(read_file(proc_ / "diskstats"));
    json::value rates = byte_rates(before_, counts, now - at_, "read", "write");
    before_ = std::move(counts);
    at_ = now;
    return json::object{{"devices", std::move(rates)}};
}

json::value load_sampler::sample() const {
    return load_average(read_file(proc_ / "loadavg"), read_file(proc_ / "uptime"));
}

} // namespace dashboard
