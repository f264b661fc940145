// What attacks of HTTP/2 leave behind: nothing, though they are made again and again.

#include <crier/http/server.hpp>

#include "support/allocations.hpp"
#include "support/http2_attacks.hpp"
#include "support/running_server.hpp"

#include <doctest/doctest.h>

#include <malloc.h>

#include <cstddef>

using crier::test::eventually;
using crier::test::http2_attack;
using crier::test::http2_peer;
using crier::test::running_server;

namespace {

/// What is not freed: what C++ has asked for, to the byte, and all else, such as nghttp2, about.
struct in_use {
    std::size_t asked = crier::test::live_bytes();
    std::size_t all = ::mallinfo2().uordblks;
};

void repeat(const running_server& on, const http2_attack& each, int times) {
    for (int i = 0; i < times; ++i) {
        {
            http2_peer attacker{on.server.local_endpoint().port()};
            each.run(attacker);
        }
        REQUIRE(eventually([&] { return on.server.connections() == 0; }));
    }
}

} // namespace

TEST_CASE("attacks leave no memory behind") {
    constexpr int times = 50;
    // What a thread keeps for the next time, of which 64 KB are for what is written; as much as 2
    // KB for each connection.
    constexpr std::size_t most = 100'000;
    running_server served;
    for (const http2_attack& each : crier::test::http2_attacks()) {
        CAPTURE(each.name);
        repeat(served, each, 2);
        const in_use before;
        repeat(served, each, times);
        const in_use after;
        CHECK(after.asked <= before.asked + most);
        CHECK(after.all <= before.all + most);
    }
    CHECK(served.events.stats().subscribers == 0);
    CHECK(served.events.stats().memory == 0);
}
