#include "http/failure_counts.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using crier::detail::failure_counts;
using namespace std::chrono_literals;

namespace {

const crier::clock::time_point start{};

} // namespace

TEST_CASE("the first failure is told at once, later ones a minute later, together and by kind") {
    failure_counts counts;
    CHECK(counts.add("unknown ca", start) == "1 unknown ca");
    CHECK(counts.add("unknown ca", start + 1s).empty());
    CHECK(counts.add("http request", start + 2s).empty());
    CHECK(counts.add("unknown ca", start + 59s).empty());
    CHECK(counts.add("http request", start + 60s) == "2 http request, 2 unknown ca");
    CHECK(counts.add("http request", start + 61s).empty());
    CHECK(counts.add("http request", start + 10min) == "2 http request");
}

TEST_CASE("of too many kinds the last ones are counted together") {
    failure_counts counts;
    counts.add("first", start);
    for (int kind = 0; kind < 1'000; ++kind) {
        counts.add("kind " + std::to_string(kind), start);
    }
    const std::string told = counts.add("last", start + 1min);
    CHECK(told.size() < 1'000);
    CHECK(told.find("969 others") != told.npos);
}
