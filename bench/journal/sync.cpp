#include "common/descriptor.hpp"
#include "common/payload.hpp"
#include "common/percentiles.hpp"
#include "journal/commands.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace bench::journals {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr unsigned pages = 256;

struct asking {
    std::string folder = ".";
    double seconds = 1;
};

void check(bool is_right) {
    if (!is_right) {
        throw std::system_error{errno, std::generic_category()};
    }
}

/// A file that has no name any more, and its length already.
descriptor make_file(const std::string& folder) {
    std::string name = folder + "/sync-XXXXXX";
    descriptor file{::mkstemp(name.data())};
    check(static_cast<bool>(file));
    check(::unlink(name.c_str()) == 0);
    const std::vector<char> zeros(pages * page_bytes);
    check(
        ::pwrite(file.get(), zeros.data(), zeros.size(), 0) == static_cast<ssize_t>(zeros.size()));
    check(::fdatasync(file.get()) == 0);
    return file;
}

/// A page over another, as a file of a log that is used again: the least that a disk can be asked.
void measure(const asking& asked) {
    const descriptor file = make_file(asked.folder);
    percentiles took_us;
    std::vector<char> page(page_bytes);
    const std::uint64_t end = monotonic_now() + static_cast<std::uint64_t>(asked.seconds * 1e9);
    std::uint64_t count = 0;
    for (; monotonic_now() < end; ++count) {
        page[0] = static_cast<char>(count);
        const auto at = static_cast<off_t>(count % pages * page_bytes);
        const std::uint64_t called = monotonic_now();
        check(::pwrite(file.get(), page.data(), page.size(), at) == ssize_t{page_bytes});
        check(::fdatasync(file.get()) == 0);
        took_us.add(static_cast<std::uint32_t>((monotonic_now() - called) / 1000));
    }
    std::cout << R"({"count": )" << count << R"(, "us": {"p50": )" << took_us.at(0.5)
              << R"(, "p99": )" << took_us.at(0.99) << "}}\n";
}

} // namespace

command sync_command(CLI::App& app) {
    const auto asked = std::make_shared<asking>();
    CLI::App* words = app.add_subcommand("sync", "how long a disk takes to have what was written");
    words->add_option("--folder", asked->folder, "where to write");
    words->add_option("--seconds", asked->seconds, "time to measure");
    return {words, [asked] { measure(*asked); }};
}

} // namespace bench::journals
