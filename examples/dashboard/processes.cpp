#include "processes.hpp"

#include "proc_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

namespace json = boost::json;

namespace dashboard {
namespace {

constexpr std::string_view process_file = "/proc/[pid]/stat";
constexpr std::string_view statm_file = "/proc/[pid]/statm";
constexpr std::size_t shown = 8;

// None for a process that ended between the listing and the reading, which is no error.
std::optional<process> read_process(const std::filesystem::path& directory) {
    std::string stat;
    std::string statm;
    try {
        stat = read_file(directory / "stat");
        statm = read_file(directory / "statm");
    } catch (const std::runtime_error&) {
        return std::nullopt;
    }
    if (stat.empty() || statm.empty()) return std::nullopt;
    return parse_process(stat, statm);
}

std::vector<process> read_processes(const std::filesystem::path& proc) {
    std::vector<process> processes;
    for (const auto& entry : std::filesystem::directory_iterator(proc)) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        if (auto read = read_process(entry.path())) processes.push_back(std::move(*read));
    }
    std::ranges::sort(processes, {}, &process::pid);
    return processes;
}

} // namespace

process parse_process(std::string_view stat, std::string_view statm) {
    // A name may hold blanks, newlines and parentheses; nothing after it holds a parenthesis.
    const std::size_t open = stat.find('(');
    const std::size_t close = stat.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open)
        fail(process_file, "has no name of a process");
    const auto pid = words(stat.substr(0, open));
    const auto rest = lines(stat.substr(close + 1));
    const auto fields = words(rest.empty() ? std::string_view{} : rest.front());
    const auto sizes = words(statm);
    if (pid.size() != 1 || fields.size() < 20) fail(process_file, "has too few fields");
    if (sizes.size() < 2) fail(statm_file, "has too few fields");
    return {.pid = number<int>(process_file, pid[0]),
        .name = valid_utf8(stat.substr(open + 1, close - open - 1)),
        .ticks = number<std::uint64_t>(process_file, fields[11]) +
                 number<std::uint64_t>(process_file, fields[12]),
        .started = number<std::uint64_t>(process_file, fields[19]),
        .pages = number<std::uint64_t>(statm_file, sizes[1])};
}

process_sampler::process_sampler(std::filesystem::path proc)
    : proc_(std::move(proc)),
      ticks_per_second_(static_cast<double>(::sysconf(_SC_CLK_TCK))),
      page_size_(static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))) {}

json::value process_sampler::sample(time_point now) {
    struct usage {
        const process* of;
        double cpu;
    };
    std::vector<process> processes = read_processes(proc_);
    const std::chrono::duration<double> passed = now - at_;
    std::vector<usage> usages;
    for (const process& after : processes) {
        const auto found = std::ranges::lower_bound(before_, after.pid, {}, &process::pid);
        const bool same =
            found != before_.end() && found->pid == after.pid && found->started == after.started;
        double cpu = 0;
        if (same && passed.count() > 0)
            cpu = static_cast<double>(advance(found->ticks, after.ticks)) / ticks_per_second_ /
                  passed.count() * 100;
        usages.push_back({&after, std::round(cpu * 10) / 10});
    }
    const auto last = usages.begin() + static_cast<std::ptrdiff_t>(std::min(shown, usages.size()));
    std::ranges::partial_sort(usages, last, [](const usage& a, const usage& b) {
        return a.cpu != b.cpu ? a.cpu > b.cpu : a.of->pages > b.of->pages;
    });
    json::array top;
    for (auto it = usages.begin(); it != last; ++it)
        top.push_back({{"pid", it->of->pid}, {"name", it->of->name}, {"cpu", it->cpu},
            {"memory", it->of->pages * page_size_}});
    before_ = std::move(processes);
    at_ = now;
    return json::object{{"processes", std::move(top)}};
}

} // namespace dashboard
