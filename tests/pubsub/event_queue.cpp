#include "pubsub/event_queue.hpp"

#include "support/waiting.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>
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
using crier::test::write;
using texts = std::vector<std::string>;

namespace {

/// A queue and what it lost.
struct queue {
    event_queue pending{true, memory_account_ptr{new memory_account}};
    drop_counts lost{};

    explicit queue(overflow_policy past, std::size_t events = 3, std::size_t bytes = 1000) {
        pending.limit({.limits = {events, bytes, past}});
    }

    bool offer(std::uint64_t number, const std::string& key = {}) {
        return pending.offer(made(number, key), lost);
    }

    void fill(std::uint64_t first, std::uint64_t last) {
        for (std::uint64_t number = first; number <= last; ++number) {
            offer(number);
        }
    }
};

} // namespace

TEST_CASE("drop_newest keeps what waits, and one gap tells what followed") {
    queue q{overflow_policy::drop_newest};
    q.fill(1, 6);
    CHECK(q.pending.dropped() == 3);
    CHECK(at(q.lost, drop_reason::newest) == 3);
    CHECK(read_waiting(q.pending) == texts{"1", "2", "3", gap("4", "6", 3)});
    CHECK(q.offer(7));
    CHECK(read_waiting(q.pending) == texts{"7"});
}

TEST_CASE("a gap stands where the events are missing") {
    queue q{overflow_policy::drop_newest};
    q.fill(1, 4);
    q.pending.pop();
    q.fill(5, 6);
    CHECK(read_waiting(q.pending) == texts{"2", "3", gap("4", "4", 1), "5", gap("6", "6", 1)});
}

TEST_CASE("drop_oldest keeps the newest, after the gap") {
    queue q{overflow_policy::drop_oldest};
    q.fill(1, 40);
    CHECK(at(q.lost, drop_reason::oldest) == 37);
    CHECK(read_waiting(q.pending) == texts{gap("1", "11", 37), "38", "39", "40"});
}

TEST_CASE("conflate keeps the newest of each key in their order, which is no gap") {
    queue q{overflow_policy::conflate, 3};
    q.offer(1, "a");
    q.offer(2, "b");
    q.offer(3, "a");
    CHECK(q.offer(4, "b"));
    CHECK(read_waiting(q.pending) == texts{"a 1", "a 3", "b 4"});
    q.offer(5, "a");
    q.offer(6, "a");
    q.offer(7, "b");
    CHECK(q.offer(8, "c"));
    CHECK(at(q.lost, drop_reason::conflated) == 2);
    CHECK(read_waiting(q.pending) == texts{"a 6", "b 7", "c 8"});
}

TEST_CASE("events without a key are conflated by their type, each topic's by themselves") {
    queue q{overflow_policy::conflate, 2};
    const crier::detail::counters* const one = nullptr;
    const auto* const other = reinterpret_cast<const crier::detail::counters*>(&q);
    for (std::uint64_t number = 1; number <= 6; ++number) {
        const entry_ptr each = made(number, "ttype");
        each->topic = number % 2 == 0 ? one : other;
        q.pending.offer(each, q.lost);
    }
    CHECK(read_waiting(q.pending) == texts{"ttype 5", "ttype 6"});
}

TEST_CASE("more keys than have room are dropped with a gap, the oldest first") {
    queue q{overflow_policy::conflate, 2};
    for (const char* key : {"a", "b", "c", "b", "d"}) {
        q.offer(q.pending.dropped() + q.pending.size() + 1, key);
    }
    CHECK(at(q.lost, drop_reason::conflated) == 1);
    CHECK(at(q.lost, drop_reason::oldest) == 2);
    const texts left = read_waiting(q.pending);
    REQUIRE(left.size() == 3);
    CHECK(left[0].find("overflow") != std::string::npos);
}

TEST_CASE("signal leaves one event without data, whose id is the last one's") {
    queue q{overflow_policy::signal};
    q.fill(1, 9);
    CHECK(at(q.lost, drop_reason::signalled) + 1 + 2 >= 9);
    const texts left = read_waiting(q.pending);
    CHECK(left.front().starts_with("signal 1."));
    q.fill(10, 12);
    CHECK(read_waiting(q.pending) == texts{"10", "11", "12"});
    q.fill(13, 16);
    CHECK(read_waiting(q.pending) == texts{"signal 1.g"});
}

TEST_CASE("a signal stands for the gaps too that come after what it stands for") {
    queue q{overflow_policy::signal};
    q.pending.miss({1, 1}, 2, 2, q.lost);
    q.fill(3, 5);
    q.pending.miss({1, 6}, 7, 2, q.lost);
    q.fill(8, 8);
    // After a gap up to 7, who leaves would come back past what was between.
    const texts left{gap("1", "2", 2), "signal 1.8"};
    CHECK(read_waiting(q.pending) == left);
    CHECK(at(q.lost, drop_reason::signalled) == 4);
    CHECK(at(q.lost, drop_reason::memory) == 4);
    q.fill(9, 10);
    q.pending.miss({1, 11}, 12, 2, q.lost);
    q.pending.shed(13, q.lost);
    CHECK(read_waiting(q.pending) == texts{"signal 1.c"});
}

TEST_CASE("disconnect gives up all that waits, and what comes later") {
    queue q{overflow_policy::disconnect};
    q.fill(1, 3);
    CHECK_FALSE(q.pending.overflowed());
    CHECK_FALSE(q.offer(4));
    CHECK(q.pending.overflowed());
    CHECK_FALSE(q.offer(5));
    CHECK(at(q.lost, drop_reason::disconnected) == 5);
    CHECK(q.pending.empty());
}

TEST_CASE("after disconnect no gap puts the reader past what it has not got") {
    queue q{overflow_policy::disconnect};
    q.fill(1, 4);
    q.pending.miss({1, 5}, 7, 3, q.lost);
    CHECK(at(q.lost, drop_reason::memory) == 3);
    CHECK(q.pending.empty());
}

TEST_CASE("after disconnect nothing is told that would let the client go on past what it missed") {
    queue q{overflow_policy::disconnect};
    q.fill(1, 4);
    q.pending.miss({1, 5}, 7, 3, q.lost);
    CHECK(q.pending.empty());
    CHECK(at(q.lost, drop_reason::memory) == 3);
    queue p{overflow_policy::disconnect};
    p.fill(1, 3);
    gathered(p.pending, plain);
    p.pending.pin(1);
    p.pending.shed(3, p.lost);
    p.pending.miss({1, 4}, 7, 4, p.lost);
    CHECK(p.pending.overflowed());
    CHECK(p.pending.dropped() == 6);
    CHECK(read_waiting(p.pending) == texts{"1"});
}

TEST_CASE("bytes are limited as events are, but one event always has room") {
    queue q{overflow_policy::drop_newest, 100, 40};
    CHECK(q.pending.offer(made(1, {}, std::string(1000, 'x')), q.lost));
    CHECK_FALSE(q.offer(2));
    q.pending.pop();
    write(q.pending, plain);
    q.fill(3, 7);
    CHECK(q.pending.size() == 5); // 4 of 9 bytes and a gap
    CHECK(q.pending.dropped() == 2);
}

TEST_CASE("what is partly written or being written stays, whatever the policy") {
    for (const auto past : {overflow_policy::drop_oldest, overflow_policy::conflate,
             overflow_policy::signal, overflow_policy::disconnect}) {
        CAPTURE(static_cast<int>(past));
        queue q{past};
        q.fill(1, 3);
        const std::string begun = gathered(q.pending, plain).substr(0, 3);
        q.pending.advance(3, plain);
        q.fill(4, 9);
        CHECK(write(q.pending, plain).starts_with("a: 1\n\n"));
        queue p{past};
        p.fill(1, 3);
        gathered(p.pending, plain);
        p.pending.pin(2);
        p.fill(4, 9);
        CHECK(gathered(p.pending, plain).starts_with("data: 1\n\ndata: 2\n\n"));
    }
}

TEST_CASE("a stream without ids is not told of its gaps") {
    event_queue pending{false, memory_account_ptr{new memory_account}};
    pending.limit({.limits = {2, 1000, overflow_policy::drop_oldest}});
    drop_counts lost{};
    for (std::uint64_t number = 1; number <= 5; ++number) {
        pending.offer(made(number), lost);
    }
    CHECK(read_waiting(pending) == texts{"4", "5"});
    CHECK(pending.dropped() == 3);
}

TEST_CASE("for lack of memory what is older goes, by each policy") {
    const auto shed = [](overflow_policy past, std::uint64_t before) {
        queue q{past, 10};
        q.fill(1, 4);
        q.pending.shed(before, q.lost);
        return read_waiting(q.pending);
    };
    CHECK(shed(overflow_policy::drop_oldest, 3) == texts{gap("1", "2", 2), "3", "4"});
    CHECK(shed(overflow_policy::drop_newest, 3) == texts{gap("1", "4", 4)});
    CHECK(shed(overflow_policy::drop_newest, 1) == texts{"1", "2", "3", "4"});
    CHECK(shed(overflow_policy::conflate, 1) == texts{"4"});
    CHECK(shed(overflow_policy::signal, 3) == texts{"signal 1.4"});
    CHECK(shed(overflow_policy::disconnect, 3).empty());
    queue q{overflow_policy::disconnect};
    q.fill(1, 2);
    q.pending.shed(2, q.lost);
    CHECK(q.pending.overflowed());
    CHECK(at(q.lost, drop_reason::memory) == 2);
}

TEST_CASE("a signal stands for one event too, and has nothing to give itself") {
    queue q{overflow_policy::signal, 10};
    q.fill(1, 1);
    CHECK(q.pending.oldest() == 1);
    q.pending.shed(2, q.lost);
    CHECK(q.pending.oldest() == std::numeric_limits<std::uint64_t>::max());
    q.fill(2, 2);
    CHECK(q.pending.oldest() == 2);
    CHECK(read_waiting(q.pending) == texts{"signal 1.1", "2"});
    CHECK(at(q.lost, drop_reason::signalled) == 1);
}

TEST_CASE("events that there was no memory for are told with what else is missing") {
    queue q{overflow_policy::drop_newest, 1};
    q.fill(1, 2);
    q.pending.miss({1, 3}, 7, 5, q.lost);
    CHECK(at(q.lost, drop_reason::memory) == 5);
    q.pending.miss({1, 4}, 5, 2, q.lost);
    CHECK(read_waiting(q.pending) == texts{"1", gap("2", "7", 8)});
}

TEST_CASE("at random, each policy leaves every event read, superseded or in a gap, in order") {
    std::mt19937 random{7};
    for (int round = 0; round < 2000; ++round) {
        const auto past = static_cast<overflow_policy>(round % 2);
        queue q{past, 1 + random() % 6};
        std::uint64_t number = 0;
        std::uint64_t next = 1;
        const auto take = [&](const std::string& bytes) {
            for (const auto& each : crier::test::event_reader{bytes}.events) {
                if (each.type == "crier.gap") {
                    const std::size_t from = each.data.find("\"1.") + 3;
                    const std::string first =
                        each.data.substr(from, each.data.find('"', from) - from);
                    CHECK(std::stoull(first, nullptr, 36) == next);
                    next = std::stoull(each.id.substr(2), nullptr, 36) + 1;
                } else {
                    CHECK(std::stoull(each.data) == next++);
                }
            }
        };
        std::string stream;
        for (int step = 0; step < 40; ++step) {
            if (random() % 3 > 0) {
                q.offer(++number);
            } else if (!q.pending.empty()) {
                const std::string bytes = gathered(q.pending, plain);
                if (random() % 4 == 0) {
                    q.pending.pin(q.pending.size());
                    q.offer(++number);
                }
                const std::size_t written = random() % (bytes.size() + 1);
                stream += bytes.substr(0, written);
                q.pending.advance(written, plain);
            }
        }
        stream += write(q.pending, plain);
        take(stream);
        CHECK(next == number + 1);
    }
}
