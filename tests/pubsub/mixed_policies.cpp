#include "pubsub/event_queue.hpp"
#include "support/waiting.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using crier::drop_counts;
using crier::drop_reason;
using crier::overflow_policy;
using crier::detail::entry_ptr;
using crier::detail::event_queue;
using crier::detail::memory_account;
using crier::detail::memory_account_ptr;
using crier::test::at;
using crier::test::gap;
using crier::test::gathered;
using crier::test::made;
using crier::test::plain;
using crier::test::read_waiting;
using texts = std::vector<std::string>;

namespace {

/// The queue of a stream of several topics, whose events come with the policies of theirs.
struct mixed {
    event_queue pending{true, memory_account_ptr{new memory_account}};
    drop_counts lost{};
    std::uint64_t number = 0;

    explicit mixed(std::size_t events) {
        pending.limit({.limits = {events, 1000, overflow_policy::drop_newest}, .by_topic = true});
    }

    bool offer(std::optional<overflow_policy> policy, const std::string& key = {}) {
        const entry_ptr each = made(++number, key);
        if (policy) {
            each->policy = *policy;
        }
        return pending.offer(each, lost);
    }
};

constexpr overflow_policy state = overflow_policy::conflate;
constexpr overflow_policy always = overflow_policy::conflate_always;
constexpr overflow_policy latest = overflow_policy::drop_oldest;
constexpr overflow_policy look = overflow_policy::signal;

} // namespace

TEST_CASE("state makes room for what may not be lost, and is not in its way") {
    mixed q{4};
    q.offer(std::nullopt, "private");
    for (int i = 0; i < 10; ++i) {
        q.offer(state, "a");
        q.offer(state, "b");
    }
    CHECK(q.offer(std::nullopt, "private"));
    CHECK(q.pending.dropped() == at(q.lost, drop_reason::conflated));
    CHECK(read_waiting(q.pending) == texts{"private 1", "a 20", "b 21", "private 22"});
}

TEST_CASE("where only such wait that do not yield, each event obeys its own policy") {
    for (const overflow_policy own : {overflow_policy::drop_newest, state, latest}) {
        mixed q{2};
        q.offer(std::nullopt);
        q.offer(std::nullopt);
        CHECK_FALSE(q.offer(own));
        CHECK(read_waiting(q.pending) == texts{"1", "2", gap("3", "3", 1)});
    }
    mixed ends{2};
    ends.offer(std::nullopt);
    ends.offer(std::nullopt);
    ends.offer(overflow_policy::disconnect);
    CHECK(ends.pending.overflowed());
}

TEST_CASE("the oldest that may go makes room for one that may not be lost, and a gap tells it") {
    mixed q{3};
    q.offer(std::nullopt);
    q.offer(latest);
    q.offer(latest);
    CHECK(q.offer(overflow_policy::disconnect));
    CHECK_FALSE(q.pending.overflowed());
    CHECK(read_waiting(q.pending) == texts{"1", gap("2", "2", 1), "3", "4"});
}

TEST_CASE("a signal stands for its topics' events at the end, never before other topics' events") {
    mixed q{3};
    q.offer(look);
    q.offer(std::nullopt);
    q.offer(look);
    CHECK(q.offer(look));
    CHECK(q.offer(look));
    CHECK(at(q.lost, drop_reason::signalled) == 3);
    CHECK(read_waiting(q.pending) == texts{"1", "2", "signal 1.5"});
}

TEST_CASE("signals and losses in turn take no more room") {
    mixed q{2};
    q.offer(std::nullopt);
    q.offer(std::nullopt);
    for (int i = 0; i < 100; ++i) {
        q.offer(look);
        q.offer(std::nullopt);
    }
    CHECK(q.pending.size() <= 4);
    CHECK(read_waiting(q.pending) == texts{"1", "2", "signal 1.3", gap("4", "5m", 199)});
}

TEST_CASE("for lack of memory, state is conflated first, and the rest is told by gaps") {
    mixed q{10};
    q.offer(std::nullopt);
    q.offer(state, "a");
    q.offer(look);
    q.offer(state, "a");
    q.offer(std::nullopt);
    q.pending.shed(5, q.lost);
    CHECK(at(q.lost, drop_reason::conflated) == 1);
    CHECK(read_waiting(q.pending) == texts{gap("1", "4", 3), "5"});
    q.offer(overflow_policy::disconnect);
    q.pending.shed(7, q.lost);
    CHECK(q.pending.overflowed());
}

TEST_CASE("what is being written takes no place") {
    for (const overflow_policy policy : {overflow_policy::conflate, overflow_policy::drop_oldest,
             overflow_policy::drop_newest, overflow_policy::disconnect}) {
        event_queue pending{true, memory_account_ptr{new memory_account}};
        pending.limit({.limits = {3, 1000, policy}});
        drop_counts lost{};
        pending.offer(made(1, "a"), lost);
        const std::string half = gathered(pending, plain).substr(0, 5);
        pending.advance(half.size(), plain);
        for (std::uint64_t number = 2; number <= 4; ++number) {
            CHECK(pending.offer(made(number, std::string(1, "abc"[number - 2])), lost));
        }
        CHECK(pending.dropped() == 0);
        pending.offer(made(5, "d"), lost);
        CHECK(pending.dropped() > 0);
    }
}

TEST_CASE("to conflate always leaves the newest of each key, however much room there is") {
    event_queue pending{true, memory_account_ptr{new memory_account}};
    pending.limit({.limits = {100, 10'000, always}});
    drop_counts lost{};
    for (std::uint64_t number = 1; number <= 20; ++number) {
        CHECK(pending.offer(made(number, number % 2 == 0 ? "a" : "b"), lost));
    }
    CHECK(at(lost, drop_reason::conflated) == 18);
    CHECK(read_waiting(pending) == texts{"b 19", "a 20"});
}

TEST_CASE("states that conflate always make room for the events of another topic") {
    mixed q{3};
    for (const char* key : {"a", "b", "c", "b"}) {
        CHECK(q.offer(always, key));
    }
    CHECK(q.pending.size() == 3);
    CHECK(q.offer(overflow_policy::disconnect));
    CHECK_FALSE(q.pending.overflowed());
    CHECK(at(q.lost, drop_reason::oldest) == 1);
    CHECK(read_waiting(q.pending) == texts{gap("1", "1", 1), "c 3", "b 4", "5"});
}
