#include "journal/nats_ordering.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>

using crier::detail::nats_ordering;
using crier::detail::nats_received;

namespace {

constexpr nats_ordering::time_point start{std::chrono::hours{1}};
constexpr auto later = start + nats_ordering::held_for;

void push(nats_ordering& to, std::initializer_list<std::uint64_t> numbers,
    nats_ordering::time_point now = start) {
    for (const std::uint64_t number : numbers) {
        to.push(number, nats_received{nullptr}, now);
    }
}

int count(nats_ordering& of, nats_ordering::time_point now) {
    int result = 0;
    while (of.next(now)) {
        ++result;
    }
    return result;
}

} // namespace

TEST_CASE("a message with the next number goes on at once") {
    nats_ordering order;
    order.note(6);
    push(order, {7});
    CHECK(count(order, start) == 1);
    push(order, {8, 9});
    CHECK(count(order, start) == 2);
    CHECK(!order.held_until());
}

TEST_CASE("a message waits a moment for those before it") {
    nats_ordering order;
    order.note(6);
    push(order, {9, 8});
    CHECK(count(order, start) == 0);
    CHECK(order.held_until() == later);
    push(order, {7});
    CHECK(count(order, start) == 3);
    push(order, {12});
    CHECK(count(order, start) == 0);
    CHECK(count(order, later) == 1);
    CHECK(!order.held_until());
}

TEST_CASE("what comes before a message whose moment is over goes on with it, and no more") {
    nats_ordering order;
    push(order, {9});
    push(order, {5, 12}, start + std::chrono::milliseconds{1});
    CHECK(count(order, later) == 2);
    CHECK(count(order, later + std::chrono::milliseconds{1}) == 1);
}

TEST_CASE("what comes too late goes on at once, and a message that is there does not come twice") {
    nats_ordering order;
    order.note(6);
    push(order, {3});
    CHECK(count(order, start) == 1);
    push(order, {9, 9});
    CHECK(count(order, later) == 1);
}
