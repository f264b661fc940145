#include "http/deadline.hpp"

#include <doctest/doctest.h>

using crier::clock;
using crier::detail::deadline;
using due = crier::detail::deadline::due;
using namespace std::chrono_literals;

namespace {

const clock::time_point start{100s};

} // namespace

TEST_CASE("a heartbeat is due once nothing was written for the interval") {
    deadline stream{30s, start};
    CHECK(stream.next() == start + 30s);
    CHECK(stream.at(start + 29s) == due::nothing);
    CHECK(stream.at(start + 30s) == due::heartbeat);
    stream.wrote(start + 30s);
    CHECK(stream.at(start + 59s) == due::nothing);
    CHECK(stream.at(start + 60s) == due::heartbeat);
}

TEST_CASE("a peer that takes nothing for the interval is stalled, counted from the first refusal") {
    deadline stream{30s, start};
    stream.blocked(start + 10s);
    stream.blocked(start + 20s);
    CHECK(stream.is_blocked());
    CHECK(stream.at(start + 39s) == due::nothing);
    CHECK(stream.at(start + 40s) == due::stalled);
}

TEST_CASE("a peer that takes a little is not stalled") {
    deadline stream{30s, start};
    stream.blocked(start + 10s);
    stream.wrote(start + 39s);
    stream.blocked(start + 39s);
    CHECK(stream.at(start + 68s) == due::nothing);
    CHECK(stream.at(start + 69s) == due::stalled);
}

TEST_CASE("an interval without end is never over") {
    for (const std::chrono::milliseconds interval :
        {std::chrono::milliseconds::max(), std::chrono::milliseconds{24h * 365 * 100}}) {
        const deadline stream{interval, start};
        CHECK(stream.at(start + 24h * 365 * 99) == due::nothing);
        CHECK(stream.interval() >= 24h * 365 * 100);
    }
}
