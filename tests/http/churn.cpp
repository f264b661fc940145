#include "support/running_server.hpp"

#include <doctest/doctest.h>

#include <malloc.h>

#include <filesystem>
#include <vector>

using crier::test::client;
using crier::test::eventually;
using crier::test::running_server;

namespace {

std::size_t open_descriptors() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {}));
}

/// Bytes that the program has allocated; 0 where a sanitizer allocates.
std::size_t allocated_bytes() { return ::mallinfo2().uordblks; }

} // namespace

TEST_CASE("1,000 clients that come and leave 20 times leave nothing behind") {
    constexpr std::size_t clients = 1'000;
    constexpr int rounds = 20;
    running_server running;
    const std::size_t descriptors = open_descriptors();
    std::size_t allocated = 0;
    for (int round = 0; round < rounds; ++round) {
        std::vector<client> peers;
        for (std::size_t i = 0; i < clients; ++i) {
            peers.push_back(running.connect());
            peers.back().get("/t");
        }
        for (client& peer : peers) {
            REQUIRE(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
        }
        CHECK(streams_of(running.events).open == clients);
        running.events.publish("/t", round);
        for (std::size_t i = 0; i < clients; ++i) {
            peers[i].read_until("\n\n\r\n");
            i % 2 == 0 ? peers[i].reset() : peers[i].socket.close();
        }
        peers.clear();
        REQUIRE(eventually([&] { return running.server.connections() == 0; }));
        const crier::manager_stats stats = running.events.stats();
        CHECK(streams_of(running.events).open == 0);
        CHECK(stats.subscribers == 0);
        CHECK(stats.topics.empty());
        CHECK(open_descriptors() == descriptors);
        // What Asio and the allocator keep for later is there after the first rounds.
        allocated = round == 3 ? allocated_bytes() : allocated;
    }
    CHECK(running.events.stats().delivered == clients * rounds);
    CHECK(streams_of(running.events)
              .ended[static_cast<std::size_t>(crier::end_reason::client_left)] == clients * rounds);
    CHECK(allocated_bytes() <= allocated + 64 * 1024);
}
