#include "client/backoff.hpp"

#include <doctest/doctest.h>

using crier::detail::backoff;
using namespace std::chrono_literals;

namespace {

double least() { return 0; }
double most() { return 1; }

} // namespace

TEST_CASE("the first wait is the reconnection time and up to a fifth more") {
    CHECK(backoff{60s, least}.next(3s) == 3s);
    CHECK(backoff{60s, most}.next(3s) == 3600ms);
    CHECK(backoff{60s, most}.next(0ms) == 0ms);
}

TEST_CASE("with each failure in a row the span of the wait doubles, up to the limit") {
    backoff waits{60s, most};
    waits.next(3s);
    for (const auto expected : {6s, 12s, 24s, 48s, 60s, 60s}) {
        CHECK(waits.next(3s) == expected);
    }
}

TEST_CASE("no wait is less than the reconnection time, and any between is as likely") {
    backoff shortest{60s, least};
    backoff middle{60s, [] { return 0.5; }};
    middle.next(3s);
    CHECK(middle.next(3s) == 4500ms);
    CHECK(middle.next(3s) == 7500ms);
    for (int i = 0; i < 100; ++i) {
        CHECK(shortest.next(3s) == 3s);
    }
}

TEST_CASE("a stream that has been there makes the next wait a first one") {
    backoff waits{60s, most};
    waits.next(3s);
    waits.next(3s);
    waits.reset();
    CHECK(waits.next(3s) == 3600ms);
    CHECK(waits.next(3s) == 6s);
}

TEST_CASE("a server that wants to be asked again at once is not asked without end") {
    backoff waits{1s, most};
    CHECK(waits.next(0ms) == 0ms);
    for (const auto expected : {200ms, 400ms, 800ms, 1000ms}) {
        CHECK(waits.next(0ms) == expected);
    }
}

TEST_CASE("a reconnection time over the limit counts, up to what a timer can take") {
    backoff waits{60s, most};
    CHECK(waits.next(300s) == 360s);
    CHECK(waits.next(300s) == 300s);
    CHECK(waits.next(std::chrono::milliseconds::max()) == backoff::longest_wait);
    CHECK(waits.next(-5s) <= 60s);
}

TEST_CASE("Retry-After is a least wait, of an hour at most") {
    backoff waits{60s, least};
    CHECK(waits.next(3s, 10s) == 10s);
    CHECK(waits.next(3s, 1s) == 3s);
    CHECK(waits.next(3s, 240h) == 1h);
}

TEST_CASE("any number of failures is counted") {
    backoff waits{std::chrono::milliseconds::max(), least};
    for (int i = 0; i < 1000; ++i) {
        CHECK(waits.next(3s) >= 3s);
    }
}
