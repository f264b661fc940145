#include "pubsub/history.hpp"

#include "async/durations.hpp"
#include "pubsub/last_values.hpp"
#include "support/context.hpp"

#include <string>
#include <vector>

using crier::clock;
using crier::history_limits;
using crier::detail::frame_access;
using crier::detail::history;
using crier::detail::last_values;
using crier::detail::memory_account;
using crier::detail::memory_account_ptr;
using crier::detail::record;
using namespace std::chrono_literals;
using numbers = std::vector<std::uint64_t>;

namespace {

const memory_account_ptr account{new memory_account};

record event(std::uint64_t number, const std::string& key = {}, const std::string& id = {}) {
    return {number,
        *frame_access::make(crier::event{.data = std::to_string(number), .id = id}, key, account),
        clock::now()};
}

history kept_by(const history_limits& limits, std::uint64_t since = 0, std::size_t at_least = 0) {
    return {since, limits, at_least, account};
}

/// As a topic does.
void put(history& to, const record& added, bool has_own_id = false) {
    if (to.keeps()) {
        to.append(added, has_own_id);
        to.evict(added.at);
    } else {
        to.miss(added.sequence);
    }
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

TEST_CASE("without limits of its own a history keeps nothing, and says so") {
    history kept = kept_by(history_limits{}, 5);
    CHECK(kept.evicted_through() == 5);
    put(kept, event(9));
    CHECK(kept.evicted_through() == 9);
    CHECK(kept.empty());
    CHECK(kept.first_after(0) == nullptr);
}

TEST_CASE("a history keeps so many events, and knows up to which it is not complete") {
    history kept = kept_by({.events = 3});
    for (std::uint64_t number = 10; number <= 50; number += 10) {
        put(kept, event(number));
    }
    CHECK(read(kept) == numbers{30, 40, 50});
    CHECK(read(kept, 30) == numbers{40, 50});
    CHECK(read(kept, 31) == numbers{40, 50});
    CHECK(read(kept, 50).empty());
    CHECK(kept.evicted_through() == 20);
    CHECK(kept.newest()->sequence == 50);
}

TEST_CASE("an event that is not kept is where a history begins anew") {
    history kept = kept_by({.events = 3}, 0, 1);
    put(kept, event(1));
    put(kept, event(2, {}, "own"), true);
    kept.miss(3);
    CHECK(kept.empty());
    CHECK(kept.bytes() == 0);
    CHECK(kept.evicted_through() == 3);
    CHECK_FALSE(kept.find("own"));
    put(kept, event(4));
    CHECK(read(kept) == numbers{4});
    last_values values{2, 0, account};
    values.put(event(1, "a"));
    values.put(event(2, "b"));
    CHECK(values.evicted_through() == 0);
    values.evict("c");
    CHECK(values.evicted_through() == 0);
    values.evict("b");
    CHECK(values.evicted_through() == 2);
    values.miss("a", 3);
    CHECK(values.evicted_through() == 3);
    CHECK(values.empty());
}

TEST_CASE("a history keeps so many bytes") {
    history kept = kept_by({.events = 100, .bytes = 30});
    for (std::uint64_t number = 1; number <= 5; ++number) {
        put(kept, event(number)); // 9 bytes each
    }
    CHECK(kept.bytes() == 27);
    CHECK(read(kept) == numbers{3, 4, 5});
    record large = event(6);
    large.content = *crier::make_frame(crier::event{.data = std::string(100, 'x')});
    put(kept, large);
    CHECK(kept.empty());
    CHECK(kept.bytes() == 0);
    CHECK(kept.evicted_through() == 6);
}

TEST_CASE("a history keeps events for so long") {
    crier::test::context test;
    history kept = kept_by({.events = 100, .age = 10s});
    put(kept, event(1));
    test.advance(5s);
    put(kept, event(2));
    test.advance(5s);
    kept.evict(clock::now());
    CHECK(read(kept) == numbers{1, 2});
    test.advance(1ms);
    put(kept, event(3));
    CHECK(read(kept) == numbers{2, 3});
    test.advance(1h);
    kept.evict(clock::now());
    CHECK(kept.empty());
    CHECK(kept.evicted_through() == 3);
    history for_ever = kept_by({.events = 100, .age = crier::detail::never});
    put(for_ever, event(1));
    test.advance(100h);
    for_ever.evict(clock::now());
    CHECK(for_ever.size() == 1);
}

TEST_CASE("the newest event is kept whatever the limits, where that is asked for") {
    crier::test::context test;
    history kept = kept_by({.age = 1s}, 0, 1);
    put(kept, event(1));
    put(kept, event(2));
    test.advance(1h);
    kept.evict(clock::now());
    CHECK(read(kept) == numbers{2});
    CHECK(kept.evicted_through() == 1);
}

TEST_CASE("limits can be widened for a while") {
    history kept = kept_by(history_limits{});
    put(kept, event(1));
    kept.limit({.events = 10});
    put(kept, event(2));
    put(kept, event(3));
    CHECK(read(kept) == numbers{2, 3});
    kept.limit(history_limits{});
    CHECK(kept.empty());
    CHECK(kept.evicted_through() == 3);
}

TEST_CASE(
    "an event of an id of the caller's own is found by it while it is kept, the oldest first") {
    history kept = kept_by({.events = 3});
    put(kept, event(1, {}, "a"), true);
    put(kept, event(2, {}, "b"), true);
    put(kept, event(3, {}, "a"), true);
    CHECK(kept.find("a") == 1);
    CHECK(kept.find("b") == 2);
    CHECK_FALSE(kept.find("c"));
    put(kept, event(4, {}, "1.4"));
    CHECK(kept.find("a") == 3);
    CHECK_FALSE(kept.find("1.4"));
    put(kept, event(5));
    CHECK_FALSE(kept.find("b"));
    put(kept, event(6));
    CHECK_FALSE(kept.find("a"));
}

TEST_CASE("of each key the newest value is kept, in the order of the numbers") {
    last_values values{10, 0, account};
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
    last_values values{2, 0, account};
    values.put(event(1, "a"));
    values.put(event(2, "b"));
    values.put(event(3, "a"));
    values.put(event(4, "c"));
    CHECK(read(values) == numbers{3, 4});
}
