#include <crier/http/server.hpp>

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

namespace {

/// For how many descriptors the kernel's table of this process has room.
std::size_t table_size() {
    std::ifstream from{"/proc/self/status"};
    std::string word;
    while (from >> word && word != "FDSize:") {
    }
    std::size_t size = 0;
    from >> size;
    return size;
}

std::ptrdiff_t open_descriptors() {
    const std::filesystem::directory_iterator all{"/proc/self/fd"};
    return std::distance(begin(all), end(all));
}

/// What the process may have open from now on.
void allow(rlim_t descriptors) {
    const rlimit to{descriptors, descriptors};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &to) == 0);
}

std::size_t table_size_with(std::size_t max_connections) {
    crier::server_options options;
    options.port = 0;
    options.max_connections = max_connections;
    const crier::server made{options};
    return table_size();
}

} // namespace

// The table never shrinks, so the sizes rise.
TEST_CASE("a server has the system make room for its connections once, and opens none for that") {
    const std::ptrdiff_t open = open_descriptors();
    CHECK(table_size_with(1) < 600);
    CHECK(table_size_with(700) >= 700);
    allow(2'000);
    const std::size_t size = table_size_with(std::numeric_limits<std::size_t>::max());
    CHECK(size >= 2'000);
    CHECK(size <= 2'048);
    CHECK(open_descriptors() == open);
}
