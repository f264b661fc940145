#include "load/process.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace bench::load {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// Of `/proc/PID/stat` the fields after the name, which may hold anything.
std::istringstream fields_of(int process) {
    const std::string text = content("/proc/" + std::to_string(process) + "/stat");
    return std::istringstream{text.substr(std::min(text.rfind(')') + 1, text.size()))};
}

int parent_of(int process) {
    std::string state;
    int parent = 0;
    fields_of(process) >> state >> parent;
    return parent;
}

/// Each process with its parent.
std::vector<std::pair<int, int>> all_processes() {
    std::vector<std::pair<int, int>> all;
    for (const fs::directory_entry& entry : fs::directory_iterator{"/proc"}) {
        const std::string name = entry.path().filename();
        int process = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), process).ec == std::errc{}) {
            all.emplace_back(process, parent_of(process));
        }
    }
    return all;
}

std::vector<int> with_descendants(std::vector<int> family) {
    const auto all = all_processes();
    const auto has = [&](int process) {
        return std::find(family.begin(), family.end(), process) != family.end();
    };
    for (std::size_t before = 0; before != family.size();) {
        before = family.size();
        for (const auto& [process, parent] : all) {
            if (has(parent) && !has(process)) {
                family.push_back(process);
            }
        }
    }
    return family;
}

/// To the nanosecond, but without threads that have ended, and not in every kernel.
std::optional<double> scheduled_seconds(int process) {
    std::optional<double> seconds;
    std::error_code gone;
    for (const fs::directory_entry& thread :
        fs::directory_iterator{"/proc/" + std::to_string(process) + "/task", gone}) {
        double nanoseconds = 0;
        if (std::istringstream{content(thread.path() / "schedstat")} >> nanoseconds) {
            seconds = seconds.value_or(0) + nanoseconds / 1e9;
        }
    }
    return seconds;
}

double ticked_seconds(int process) {
    std::istringstream fields = fields_of(process);
    std::string skipped;
    for (int i = 0; i < 11; ++i) {
        fields >> skipped;
    }
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::uint64_t resident_bytes(int process) {
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    std::istringstream{content("/proc/" + std::to_string(process) + "/statm")} >> all >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace

usage usage_of(const std::vector<int>& processes) {
    for (const int process : processes) {
        if (parent_of(process) == 0) {
            throw std::runtime_error{"there is no process " + std::to_string(process)};
        }
    }
    usage sum;
    for (const int process : with_descendants(processes)) {
        const std::optional<double> exact = scheduled_seconds(process);
        sum.cpu_seconds += exact ? *exact : ticked_seconds(process);
        sum.resident_bytes += resident_bytes(process);
    }
    return sum;
}

double own_cpu_seconds() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

} // namespace bench::load
