#include <crier/async/clock.hpp>

#include "support/context.hpp"

using crier::clock;
using crier::test::context;
using namespace std::chrono_literals;

namespace {

/// Lets real time pass.
void dawdle() {
    const auto until = std::chrono::steady_clock::now() + 2ms;
    while (std::chrono::steady_clock::now() < until) {
    }
}

} // namespace

TEST_CASE("the clock runs with the steady clock") {
    const auto before = clock::now();
    dawdle();
    CHECK(clock::now() >= before + 2ms);
}

TEST_CASE("a frozen clock moves by what it is put forward, and by nothing else") {
    const context outer;
    const auto before = clock::now();
    dawdle();
    CHECK(clock::now() == before);
    {
        const context inner;
        crier::detail::test_clock::advance(3s);
    }
    dawdle();
    CHECK(clock::now() == before + 3s);
}

TEST_CASE("a clock that was frozen runs on") {
    const auto before = [] {
        const context frozen;
        return clock::now();
    }();
    dawdle();
    CHECK(clock::now() >= before + 2ms);
}
