#include "pubsub/log.hpp"

#include "support/context.hpp"

#include <string>
#include <vector>

using crier::clock;
using crier::history_limits;
using crier::detail::last_values;
using crier::detail::record;
using namespace std::chrono_literals;
using numbers = std::vector<std::uint64_t>;

namespace {

record event(std::uint64_t number, std::string key = {}, const std::string& id = {}) {
    return {number, *crier::make_frame(crier::event{.data = std::to_string(number), .id = id}),
        std::move(key), clock::now()};
}

template <class Kept>
numbers read(const Kept& from, std::uint64_t after = 0) {
    numbers result;
    for (const record* next = from.first_after(after); next != nullptr;
        next = from.first_after(after)) {
        result.push_back(next->sequence);
        after = next->sequence;
    }
    return result;
}

} // namespace

TEST_CASE("without limits of its own a log keeps nothing, and says so") {
    crier::detail::log kept{5, history_limits{}, 0};
    CHECK(kept.evicted_through() == 5);
    kept.append(event(9), false);
    CHECK(kept.evicted_through() == 9);
    CHECK(kept.empty());
    CHECK(kept.first_after(0) == nullptr);
}

TEST_CASE("a log keeps so many events, and knows up to which it is not complete") {
    crier::detail::log kept{0, {.events = 3}, 0};
    for (std::uint64_t number = 10; number <= 50; number += 10) {
        kept.append(event(number), false);
    }
    CHECK(read(kept) == numbers{30, 40, 50});
    CHECK(read(kept, 30) == numbers{40, 50});
    CHECK(read(kept, 31) == numbers{40, 50});
    CHECK(read(kept, 50).empty());
    CHECK(kept.evicted_through() == 20);
    CHECK(kept.newest()->sequence == 50);
}

TEST_CASE("an event that is not kept is where a log begins anew") {
    crier::detail::log kept{0, {.events = 3}, 1};
    kept.append(event(1), false);
    kept.append(event(2, {}, "own"), true);
    kept.miss(3);
    CHECK(kept.empty());
    CHECK(kept.bytes() == 0);
    CHECK(kept.evicted_through() == 3);
    CHECK_FALSE(kept.find("own"));
    kept.append(event(4), false);
    CHECK(read(kept) == numbers{4});
    last_values values{2};
    values.put(event(1, "a"));
    values.put(event(2, "b"));
    values.erase("a");
    values.erase("c");
    CHECK(read(values) == numbers{2});
}

TEST_CASE("a log keeps so many bytes") {
    crier::detail::log kept{0, {.events = 100, .bytes = 30}, 0};
    for (std::uint64_t number = 1; number <= 5; ++number) {
        kept.append(event(number), false); // 9 bytes each
    }
    CHECK(kept.bytes() == 27);
    CHECK(read(kept) == numbers{3, 4, 5});
    record large = event(6);
    large.content = *crier::make_frame(crier::event{.data = std::string(100, 'x')});
    kept.append(large, false);
    CHECK(kept.empty());
    CHECK(kept.bytes() == 0);
    CHECK(kept.evicted_through() == 6);
}

TEST_CASE("a log keeps events for so long") {
    crier::test::context test;
    crier::detail::log kept{0, {.events = 100, .age = 10s}, 0};
    kept.append(event(1), false);
    test.advance(5s);
    kept.append(event(2), false);
    test.advance(5s);
    kept.evict_until(clock::now());
    CHECK(read(kept) == numbers{1, 2});
    test.advance(1ms);
    kept.append(event(3), false);
    CHECK(read(kept) == numbers{2, 3});
    test.advance(1h);
    kept.evict_until(clock::now());
    CHECK(kept.empty());
    CHECK(kept.evicted_through() == 3);
    crier::detail::log for_ever{0, {.events = 100, .age = 0s}, 0};
    for_ever.append(event(1), false);
    test.advance(100h);
    for_ever.evict_until(clock::now());
    CHECK(for_ever.size() == 1);
}

TEST_CASE("the newest event is kept whatever the limits, where that is asked for") {
    crier::test::context test;
    crier::detail::log kept{0, {.age = 1s}, 1};
    kept.append(event(1), false);
    kept.append(event(2), false);
    test.advance(1h);
    kept.evict_until(clock::now());
    CHECK(read(kept) == numbers{2});
    CHECK(kept.evicted_through() == 1);
}

TEST_CASE("limits can be widened for a while") {
    crier::detail::log kept{0, history_limits{}, 0};
    kept.append(event(1), false);
    kept.limit({.events = 10});
    kept.append(event(2), false);
    kept.append(event(3), false);
    CHECK(read(kept) == numbers{2, 3});
    kept.limit(history_limits{});
    CHECK(kept.empty());
    CHECK(kept.evicted_through() == 3);
}

TEST_CASE(
    "an event of an id of the caller's own is found by it while it is kept, the oldest first") {
    crier::detail::log kept{0, {.events = 3}, 0};
    kept.append(event(1, {}, "a"), true);
    kept.append(event(2, {}, "b"), true);
    kept.append(event(3, {}, "a"), true);
    CHECK(kept.find("a") == 1);
    CHECK(kept.find("b") == 2);
    CHECK_FALSE(kept.find("c"));
    kept.append(event(4, {}, "1.4"), false);
    CHECK_FALSE(kept.find("a"));
    CHECK_FALSE(kept.find("1.4"));
    kept.append(event(5), false);
    CHECK_FALSE(kept.find("b"));
}

TEST_CASE("of each key the newest value is kept, in the order of the numbers") {
    last_values values{10};
    values.put(event(1, "a"));
    values.put(event(2, "b"));
    values.put(event(3, "a"));
    values.put(event(4));
    CHECK(read(values) == numbers{2, 3, 4});
    values.put(event(5));
    CHECK(read(values, 2) == numbers{3, 5});
    CHECK(values.size() == 3);
}

TEST_CASE("of too many keys the one goes that was published least recently") {
    last_values values{2};
    values.put(event(1, "a"));
    values.put(event(2, "b"));
    values.put(event(3, "a"));
    values.put(event(4, "c"));
    CHECK(read(values) == numbers{3, 4});
}
