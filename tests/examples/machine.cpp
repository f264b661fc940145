#include "../../examples/dashboard/machine.hpp"

#include "../../examples/dashboard/proc_text.hpp"
#include "../../examples/dashboard/processes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

// A tree of files that stands for /proc.
class fixture {
public:
    fixture() {
        std::string name = (fs::temp_directory_path() / "crier-machine-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        root_ = name;
    }
    ~fixture() { fs::remove_all(root_); }
    fixture(const fixture&) = delete;
    fixture& operator=(const fixture&) = delete;

    void write(const fs::path& file, const std::string& text) {
        fs::create_directories((root_ / file).parent_path());
        std::ofstream(root_ / file, std::ios::binary) << text;
    }
    const fs::path& root() const { return root_; }

private:
    fs::path root_;
};

template <typename F>
std::string error_of(F f) {
    try {
        f();
    } catch (const std::runtime_error& e) {
        return e.what();
    }
    return "no error";
}

const dashboard::time_point start{1000s};

const std::string meminfo = "MemTotal:       1000 kB\n"
                            "MemFree:         100 kB\n"
                            "MemAvailable:    600 kB\n"
                            "Buffers:          50 kB\n"
                            "Cached:          400 kB\n"
                            "SwapCached:        7 kB\n"
                            "Shmem:            30 kB\n"
                            "SReclaimable:     80 kB\n"
                            "SwapTotal:       200 kB\n"
                            "SwapFree:        150 kB\n"
                            "HugePages_Total:       0\n";

const std::string network_heading =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
    "fifo colls carrier compressed\n";

std::string process_stat(int pid, const std::string& name, int user, int system, int started) {
    return std::to_string(pid) + " (" + name + ") S 1 1 1 0 -1 4194560 1 2 3 4 " +
           std::to_string(user) + " " + std::to_string(system) + " 0 0 20 0 1 0 " +
           std::to_string(started) + " 1000 50 18446744073709551615 1 1 0\n";
}

} // namespace

TEST_CASE("cpu: percent of the time since the sample before") {
    fixture proc;
    dashboard::cpu_sampler sampler(proc.root());

    proc.write("stat", "cpu  100 0 100 700 100 0 0 0 0 0\n"
                       "cpu0 50 0 50 350 50 0 0 0 0 0\n"
                       "cpu1 50 0 50 350 50 0 0 0 0 0\n"
                       "intr 12345 0 9\nctxt 1\nbtime 1\nprocesses 7\n");
    CHECK(sampler.sample() == json::value{{"total", 0.0}, {"cores", {0.0, 0.0}}});

    // Core 0: 60 of 100 ticks busy; core 1: 100 idle, of which 40 in waiting for disks.
    proc.write("stat", "cpu  140 0 120 800 140 0 0 0 0 0\n"
                       "cpu0 90 0 70 390 50 0 0 0 0 0\n"
                       "cpu1 50 0 50 410 90 0 0 0 0 0\n");
    CHECK(sampler.sample() == json::value{{"total", 30.0}, {"cores", {60.0, 0.0}}});
}

TEST_CASE("cpu: interrupts and stolen time are busy, guest time is not counted twice") {
    const auto times = dashboard::parse_cpu("cpu  10 20 30 40 5 1 2 3 9 8\n");
    REQUIRE(times.size() == 1);
    CHECK(times[0].total == 10 + 20 + 30 + 40 + 5 + 1 + 2 + 3);
    CHECK(times[0].busy == 10 + 20 + 30 + 1 + 2 + 3);
}

TEST_CASE("cpu: a reset gives 0, a core that came or went is matched by name") {
    const auto before =
        dashboard::parse_cpu("cpu 500 0 0 500\ncpu0 250 0 0 250\ncpu1 250 0 0 250\n");
    const auto reset = dashboard::parse_cpu("cpu 5 0 0 5\ncpu0 3 0 0 2\ncpu1 2 0 0 3\n");
    CHECK(
        dashboard::cpu_usage(before, reset) == json::value{{"total", 0.0}, {"cores", {0.0, 0.0}}});

    const auto changed = dashboard::parse_cpu("cpu 550 0 0 550\ncpu1 300 0 0 250\ncpu2 9 0 0 9\n");
    CHECK(dashboard::cpu_usage(before, changed) ==
          json::value{{"total", 50.0}, {"cores", {100.0, 0.0}}});
}

TEST_CASE("memory: bytes, with the cache less what is shared") {
    fixture proc;
    proc.write("meminfo", meminfo);
    CHECK(dashboard::memory_sampler(proc.root()).sample() ==
          json::value{{"total", 1000u * 1024}, {"used", 400u * 1024}, {"available", 600u * 1024},
              {"cached", 500u * 1024}, {"swap_total", 200u * 1024}, {"swap_used", 50u * 1024}});
}

TEST_CASE("network: rates over the time that passed, lo last") {
    fixture proc;
    dashboard::network_sampler sampler(proc.root());
    proc.write("net/dev", network_heading + "    lo:  500 1 0 0 0 0 0 0  500 1 0 0 0 0 0 0\n"
                                            "  eth0:1000 1 0 0 0 0 0 0 2000 1 0 0 0 0 0 0\n");
    const json::value zeros{
        {"interfaces", {{{"name", "eth0"}, {"receive", 0u}, {"transmit", 0u}},
                           {{"name", "lo"}, {"receive", 0u}, {"transmit", 0u}}}}};
    CHECK(sampler.sample(start) == zeros);

    proc.write("net/dev", network_heading + "    lo:  500 1 0 0 0 0 0 0  500 1 0 0 0 0 0 0\n"
                                            "  eth0:4000 1 0 0 0 0 0 0 2500 1 0 0 0 0 0 0\n");
    CHECK(sampler.sample(start + 500ms).at("interfaces").at(0) ==
          json::value{{"name", "eth0"}, {"receive", 6000u}, {"transmit", 1000u}});

    SUBCASE("a long pause is spread over its length") {
        proc.write("net/dev", network_heading + "  eth0:604000 1 0 0 0 0 0 0 2500 1 0 0 0 0 0 0\n");
        CHECK(sampler.sample(start + 500ms + 10min).at("interfaces").at(0) ==
              json::value{{"name", "eth0"}, {"receive", 1000u}, {"transmit", 0u}});
    }
    SUBCASE("a counter that went back gives 0, as does an interface that is new") {
        proc.write("net/dev", network_heading + "  eth0: 10 1 0 0 0 0 0 0 3500 1 0 0 0 0 0 0\n"
                                                "  wg0: 99999 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n");
        CHECK(
            sampler.sample(start + 1500ms) ==
            json::value{{"interfaces", {{{"name", "eth0"}, {"receive", 0u}, {"transmit", 1000u}},
                                           {{"name", "wg0"}, {"receive", 0u}, {"transmit", 0u}}}}});
    }
    SUBCASE("no time passed, or less than none") {
        proc.write("net/dev", network_heading + "  eth0:9000 1 0 0 0 0 0 0 9000 1 0 0 0 0 0 0\n");
        CHECK(sampler.sample(start + 500ms).at("interfaces").at(0).at("receive") == 0u);
        proc.write("net/dev", network_heading + "  eth0:9900 1 0 0 0 0 0 0 9000 1 0 0 0 0 0 0\n");
        CHECK(sampler.sample(start).at("interfaces").at(0).at("receive") == 0u);
    }
}

TEST_CASE("network: a name may hold a colon, and no interface is no error") {
    const auto counts = dashboard::parse_network("eth0:1: 5 0 0 0 0 0 0 0 6 0 0 0 0 0 0 0\n");
    REQUIRE(counts.size() == 1);
    CHECK(counts[0].name == "eth0:1");
    CHECK(counts[0].in == 5);
    CHECK(counts[0].out == 6);
    CHECK(dashboard::parse_network(network_heading).empty());
}

TEST_CASE("disk: whole disks only, sectors of 512 bytes") {
    const auto line = [](const std::string& name, int read, int write) {
        return "   8       0 " + name + " 10 0 " + std::to_string(read) + " 5 20 0 " +
               std::to_string(write) + " 5 0 5 5\n";
    };
    fixture proc;
    dashboard::disk_sampler sampler(proc.root());
    std::string disks;
    for (const char* name :
        {"loop0", "ram0", "zram0", "dm-0", "md127", "sda", "sda1", "sda15", "sdaa", "nvme0n1",
            "nvme0n1p1", "nvme0n110", "mmcblk0", "mmcblk0p2", "mmcblk0boot0", "vdb"})
        disks += line(name, 100, 200);
    proc.write("diskstats", disks);
    std::string names;
    const json::value first = sampler.sample(start);
    for (const json::value& disk : first.at("devices").as_array())
        names += std::string(disk.at("name").as_string()) + " ";
    CHECK(names == "sda sdaa nvme0n1 nvme0n110 mmcblk0 mmcblk0boot0 vdb ");

    proc.write("diskstats", line("sda", 104, 202));
    CHECK(sampler.sample(start + 2s) ==
          json::value{{"devices", {{{"name", "sda"}, {"read", 1024u}, {"write", 512u}}}}});

    proc.write("diskstats", "");
    CHECK(sampler.sample(start + 3s) == json::value{{"devices", json::array{}}});
}

TEST_CASE("load: averages, tasks and the uptime") {
    fixture proc;
    proc.write("loadavg", "0.14 1.03 22.01 3/83 7166\n");
    proc.write("uptime", "1406.29 2746.44\n");
    CHECK(dashboard::load_sampler(proc.root()).sample() ==
          json::value{{"one", 0.14}, {"five", 1.03}, {"fifteen", 22.01}, {"running", 3u},
              {"total", 83u}, {"uptime", 1406.29}});
}

TEST_CASE("processes: a name with blanks, parentheses and a newline") {
    const auto read = dashboard::parse_process(
        process_stat(42, "a) S (b\nc", 7, 3, 900), "500 120 30 1 0 90 0\n");
    CHECK(read.pid == 42);
    CHECK(read.name == "a) S (b\nc");
    CHECK(read.ticks == 10);
    CHECK(read.started == 900);
    CHECK(read.pages == 120);
}

TEST_CASE("processes: the top by CPU time since the sample before, then by memory") {
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const auto second = static_cast<int>(::sysconf(_SC_CLK_TCK));
    fixture proc;
    dashboard::process_sampler sampler(proc.root());
    for (int pid = 1; pid <= 10; ++pid) {
        proc.write(std::to_string(pid) + "/stat", process_stat(pid, "p", 5000, 0, pid));
        proc.write(std::to_string(pid) + "/statm", "99 " + std::to_string(pid) + " 0 0 0 0 0\n");
    }
    proc.write("sys/stat", "no process");
    proc.write("11/status", "ended before it was read");

    const json::value first = sampler.sample(start);
    REQUIRE(first.at("processes").as_array().size() == 8);
    CHECK(first.at("processes").at(0) ==
          json::value{{"pid", 10}, {"name", "p"}, {"cpu", 0.0}, {"memory", 10 * page}});
    CHECK(first.at("processes").at(7).at("pid") == 3);

    proc.write("1/stat", process_stat(1, "busy", 5000 + second, second, 1));
    // Another process that got the pid of one that ended has used nothing since then.
    proc.write("2/stat", process_stat(2, "reused", 5000 + 9 * second, 0, 7777));
    proc.write("3/stat", process_stat(3, "went back", 0, 0, 3));
    const json::value next = sampler.sample(start + 4s);
    CHECK(next.at("processes").at(0) ==
          json::value{{"pid", 1}, {"name", "busy"}, {"cpu", 50.0}, {"memory", page}});
    for (std::size_t i = 1; i < 8; ++i) CHECK(next.at("processes").at(i).at("cpu") == 0.0);
}

TEST_CASE("names are valid UTF-8 with '?' for each bad byte") {
    using dashboard::valid_utf8;
    CHECK(valid_utf8("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80") ==
          "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
    CHECK(valid_utf8("cut \xE2\x82") == "cut ??");
    CHECK(valid_utf8("\xFF\x80z") == "??z");
    CHECK(valid_utf8("\xC0\xAF") == "??");           // overlong
    CHECK(valid_utf8("\xE0\x9F\xBF") == "???");      // overlong
    CHECK(valid_utf8("\xED\xA0\x80") == "???");      // surrogate
    CHECK(valid_utf8("\xF4\x90\x80\x80") == "????"); // beyond U+10FFFF
    CHECK(valid_utf8("\xE2\x28\xA1") == "?(?");
    CHECK(dashboard::parse_process(process_stat(1, "a\xFF", 0, 0, 0), "1 1").name == "a?");
}

TEST_CASE("a file that cannot be read or understood is named") {
    fixture proc;
    const std::string missing = error_of([&] { dashboard::cpu_sampler(proc.root()).sample(); });
    CHECK(missing == (proc.root() / "stat").string() + ": cannot be read");

    using namespace dashboard;
    CHECK(error_of([] { parse_cpu(""); }) == "/proc/stat: has no line of the cpu");
    CHECK(error_of([] { parse_cpu("cpu 1 2\n"); }) ==
          "/proc/stat: cannot understand the line \"cpu 1 2\"");
    CHECK(error_of([] { parse_cpu("cpu 1 2 x 4\n"); }) == "/proc/stat: \"x\" is not a number");
    CHECK(error_of([] { parse_cpu("cpu 1 2 -3 4\n"); }) == "/proc/stat: \"-3\" is not a number");
    CHECK(error_of([] { parse_cpu("cpu 1 2 99999999999999999999999 4\n"); }) ==
          "/proc/stat: \"99999999999999999999999\" is not a number");
    CHECK(error_of([] { memory_usage("MemTotal: 5 kB\n"); }) ==
          "/proc/meminfo: has no line \"MemAvailable:\"");
    CHECK(error_of([] { memory_usage("MemTotal:\n"); }) ==
          "/proc/meminfo: cannot understand the line \"MemTotal:\"");
    CHECK(error_of([] { parse_network("eth0: 1 2 3\n"); }) ==
          "/proc/net/dev: cannot understand the line \"eth0: 1 2 3\"");
    CHECK(error_of([] { parse_network("\xFF\n"); }) ==
          "/proc/net/dev: cannot understand the line \"?\"");
    CHECK(error_of([] { parse_disk("8 0 sda 1 2\n"); }) ==
          "/proc/diskstats: cannot understand the line \"8 0 sda 1 2\"");
    CHECK(error_of([] { load_average("", "1 2"); }) ==
          "/proc/loadavg: cannot understand the line \"\"");
    CHECK(error_of([] { load_average("1 2 3 4/5 6", ""); }) ==
          "/proc/uptime: cannot understand the line \"\"");
    CHECK(error_of([] { parse_process("42 cat S 1", "1 1"); }) ==
          "/proc/[pid]/stat: has no name of a process");
    CHECK(error_of([] { parse_process("42 (cat) S 1", "1 1"); }) ==
          "/proc/[pid]/stat: has too few fields");
    CHECK(error_of([] { parse_process(process_stat(1, "p", 0, 0, 0), "1"); }) ==
          "/proc/[pid]/statm: has too few fields");
}

TEST_CASE("this machine can be read" * doctest::skip(!fs::exists("/proc/self/stat"))) {
    CHECK(dashboard::cpu_sampler().sample().at("cores").as_array().size() > 0);
    CHECK(dashboard::memory_sampler().sample().at("total").to_number<double>() > 0);
    dashboard::network_sampler().sample();
    dashboard::disk_sampler().sample();
    CHECK(dashboard::load_sampler().sample().at("uptime").to_number<double>() > 0);
    CHECK(dashboard::process_sampler().sample().at("processes").as_array().size() > 0);
}
