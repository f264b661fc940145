#include "pubsub/memory_budget.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>

using crier::detail::evictable;
using crier::detail::memory_budget;
using action = memory_budget::action;

namespace {

struct kept final : evictable {
    void evict_oldest() noexcept override {}
};

/// One of 1000 bytes, of which so many are in use.
struct budget : memory_budget {
    explicit budget(std::size_t used) : memory_budget{1000} { use_now(used); }
    ~budget() { use_now(0); }
    budget(const budget&) = delete;
    budget& operator=(const budget&) = delete;

    void use_now(std::size_t bytes) {
        account()->remove(account()->used());
        account()->add(bytes);
    }

    /// A round of so many shards.
    std::uint64_t round_of(int shards, std::uint64_t newest) {
        const std::uint64_t before = begin_round(newest);
        for (int i = 0; i < shards; ++i) {
            take_part();
        }
        return before;
    }
};

constexpr std::uint64_t nothing = std::numeric_limits<std::uint64_t>::max();

} // namespace

TEST_CASE("without a limit there is always room") {
    for (const std::size_t limit :
        {std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max() / 2}) {
        memory_budget of{limit};
        of.account()->add(limit - 1);
        memory_budget::request room{of, 10};
        CHECK(room.next() == memory_budget::action::admit);
        of.account()->remove(limit - 1);
    }
    constexpr std::size_t nearly = std::numeric_limits<std::size_t>::max() - 8;
    memory_budget of{nearly};
    of.account()->add(nearly + 4);
    memory_budget::request room{of, 10};
    CHECK(room.next() == memory_budget::action::begin_round);
    CHECK(room.next() == memory_budget::action::admit); // within what it may exceed
    of.account()->remove(nearly + 4);
}

TEST_CASE("what fits is admitted") {
    budget of{1000};
    CHECK(budget::request{of, 100}.next() == action::admit);
}

TEST_CASE("what is kept goes first, the least recently used first") {
    budget of{1100};
    kept one;
    kept other;
    of.use(one);
    of.use(other);
    of.use(one);
    budget::request room{of, 100};
    CHECK(room.next() == action::evict);
    CHECK(&of.least_recent() == &other);
    of.forget(other);
    of.forget(other);
    CHECK(room.next() == action::evict);
    CHECK(&of.least_recent() == &one);
    of.use_now(1000);
    CHECK(room.next() == action::admit);
    of.forget(one);
}

TEST_CASE("nobody makes room for what could never have any") {
    budget of{2100};
    kept one;
    of.use(one);
    CHECK(budget::request{of, 2000}.next() == action::deny);
    of.forget(one);
}

TEST_CASE("where nothing is kept, one round begins, and a little over the limit is admitted") {
    budget of{1010};
    budget::request room{of, 20};
    CHECK(room.next() == action::begin_round);
    CHECK(of.round_of(1, 100) == 51);
    CHECK(room.next() == action::admit);
    CHECK(budget::request{of, 20}.next() == action::admit);
}

TEST_CASE("shards that are late are left out, once for each event") {
    budget of{1040};
    of.round_of(2, 100);
    budget::request room{of, 20};
    CHECK(room.next() == action::leave_late);
    CHECK_FALSE(of.may_leave_late());
    CHECK(room.next() == action::admit);
    CHECK_FALSE(of.shard_done(nothing, false, 100));
    CHECK_FALSE(of.may_leave_late()); // that one has no subscribers
    of.use_now(500);
    CHECK_FALSE(of.shard_done(nothing, true, 100));
}

TEST_CASE("after a denial all is denied until there is room again") {
    budget of{1100};
    of.round_of(1, 100);
    const auto last = [&of] {
        budget::request room{of, 20};
        action next = room.next();
        while (next == action::leave_late) {
            next = room.next();
        }
        return next;
    };
    CHECK(last() == action::deny);
    of.use_now(1010);
    CHECK(last() == action::deny);
    of.use_now(1000);
    CHECK(last() == action::admit);
    of.use_now(1010);
    CHECK(last() == action::admit);
}

TEST_CASE("rounds follow each other while too much is in use and something waits") {
    budget of{1000};
    CHECK(of.round_of(2, 100) == 51);
    CHECK_FALSE(of.shard_done(70, true, 100));
    CHECK(of.shard_done(60, true, 100));
    CHECK(of.round_of(1, 100) == 81); // the half of what is left
    CHECK_FALSE(of.shard_done(nothing, true, 100));
    CHECK(of.round_of(1, 100) == 91);
    of.use_now(800);
    CHECK_FALSE(of.shard_done(95, true, 100));
}

TEST_CASE("a round ends without those that were left out") {
    budget of{1100};
    of.round_of(3, 100);
    CHECK_FALSE(of.shard_done(60, true, 100));
    CHECK(of.may_leave_late());
    CHECK_FALSE(of.wait_only_for(1, 100));
    CHECK(of.wait_only_for(0, 100));
}
