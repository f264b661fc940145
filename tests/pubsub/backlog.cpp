#include "pubsub/backlog.hpp"

#include "support/waiting.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

using crier::detail::backlog;
using crier::detail::entry_ptr;
using crier::detail::frame_bytes;
using crier::detail::memory_account;
using crier::detail::memory_account_ptr;
using crier::test::chunked;
using crier::test::gap;
using crier::test::gathered;
using crier::test::made;
using crier::test::plain;
using crier::test::read_waiting;
using texts = std::vector<std::string>;

namespace {

/// With the events from the first to the last number.
struct filled : backlog {
    filled(std::uint64_t first, std::uint64_t last, bool tells_gaps = true)
        : backlog{tells_gaps, memory_account_ptr{new memory_account}} {
        add(first, last);
    }

    void add(std::uint64_t first, std::uint64_t last) {
        for (std::uint64_t number = first; number <= last; ++number) {
            append(made(number));
        }
    }
};

} // namespace

TEST_CASE("gather gives the frames in the stream's coding, as many as there are buffers") {
    filled many{1, 100};
    CHECK(many.gather(plain).size() == 64);
    filled waiting{1, 3};
    CHECK(gathered(waiting, chunked) ==
          "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n9\r\ndata: 3\n\n\r\n");
    CHECK(gathered(waiting, plain) == "data: 1\n\ndata: 2\n\ndata: 3\n\n");
    filled none{1, 0};
    CHECK(gathered(none, plain).empty());
}

TEST_CASE("however the bytes are written piece by piece, all of them are, in order") {
    for (const frame_bytes as : {plain, chunked}) {
        for (std::size_t step = 1; step < 60; ++step) {
            filled waiting{9, 11};
            const std::string all = gathered(waiting, as);
            std::string written;
            while (!waiting.empty()) {
                const std::string next = gathered(waiting, as).substr(0, step);
                REQUIRE_FALSE(next.empty());
                written += next;
                waiting.advance(next.size(), as);
            }
            CHECK(written == all);
        }
    }
}

TEST_CASE("an entry goes with its last reader") {
    const entry_ptr shared = made(1);
    {
        filled first{1, 0};
        filled second{1, 0};
        first.append(shared);
        second.append(shared);
        CHECK(shared->use_count() == 3);
        first.pop();
        CHECK(shared->use_count() == 2);
    }
    CHECK(shared->use_count() == 1);
}

TEST_CASE("events and their bytes are counted until they go, gaps are not") {
    filled waiting{1, 4};
    CHECK(waiting.free().events == 4);
    CHECK(waiting.free().bytes == 4 * 9);
    waiting.pop();
    waiting.lose(1);
    CHECK(waiting.free().events == 2);
    CHECK(waiting.free().bytes == 2 * 9);
    CHECK(waiting.size() == 3);
    waiting.erase_from(0);
    CHECK(waiting.free().events == 0);
    CHECK(waiting.free().bytes == 0);
    CHECK(waiting.empty());
}

TEST_CASE("what is lost side by side is one gap, whatever is lost first") {
    for (const auto& order : std::vector<std::vector<std::uint64_t>>{
             {2, 3, 4}, {2, 4, 3}, {3, 2, 4}, {3, 4, 2}, {4, 2, 3}, {4, 3, 2}}) {
        filled waiting{1, 5};
        for (const std::uint64_t number : order) {
            std::size_t at = 0;
            while (waiting.entry_at(at)->missing || waiting.entry_at(at)->id.sequence != number) {
                ++at;
            }
            waiting.lose(at);
        }
        CHECK(waiting.size() == 3);
        CHECK(read_waiting(waiting) == texts{"1", gap("2", "4", 3), "5"});
    }
}

TEST_CASE("a gap at the end grows with what is not taken in, and ends where more is") {
    filled waiting{1, 1};
    waiting.leave_gap_behind({{1, 2}, 3, 2});
    waiting.leave_gap_behind({{1, 4}, 4, 1});
    CHECK(waiting.size() == 2);
    waiting.add(5, 5);
    waiting.leave_gap_behind({{1, 6}, 6, 1});
    CHECK(read_waiting(waiting) == texts{"1", gap("2", "4", 3), "5", gap("6", "6", 1)});
}

TEST_CASE("gaps of several topics that overlap are one, up to the last event of all") {
    filled waiting{1, 0};
    waiting.leave_gap_behind({{1, 1}, 9, 5});
    waiting.leave_gap_behind({{1, 2}, 8, 4});
    CHECK(read_waiting(waiting) == texts{gap("1", "9", 9)});
}

TEST_CASE("a gap that has been gathered but not written grows on, one that is being written not") {
    filled waiting{1, 1};
    waiting.leave_gap_behind({{1, 2}, 2, 1});
    gathered(waiting, plain);
    waiting.leave_gap_behind({{1, 3}, 4, 2});
    CHECK(read_waiting(waiting) == texts{"1", gap("2", "4", 3)});
    waiting.add(5, 5);
    waiting.leave_gap_behind({{1, 6}, 6, 1});
    gathered(waiting, plain);
    waiting.pin(2);
    waiting.leave_gap_behind({{1, 7}, 8, 2});
    CHECK(read_waiting(waiting) == texts{"5", gap("6", "6", 1), gap("7", "8", 2)});
}

TEST_CASE("all that is free can become one gap at the end, with those that were there") {
    filled waiting{1, 5};
    waiting.lose(2);
    waiting.leave_gap_behind({{1, 6}, 7, 2});
    waiting.pin(1);
    CHECK(waiting.first_free() == 1);
    CHECK(waiting.lose_all() == 3);
    CHECK(waiting.entries() == 1);
    CHECK(read_waiting(waiting) == texts{"1", gap("2", "7", 6)});
}

TEST_CASE("what is partly written or pinned is not free") {
    filled waiting{1, 3};
    CHECK(waiting.first_free_event() == 0);
    waiting.advance(3, plain);
    CHECK(waiting.is_partly_written());
    CHECK(waiting.first_free_event() == 1);
    waiting.pin(2);
    CHECK(waiting.first_free_event() == 2);
    waiting.pin(3);
    CHECK(waiting.first_free_event() == waiting.entries());
}

TEST_CASE("without ids there are no gaps") {
    filled waiting{1, 3, false};
    waiting.lose(1);
    waiting.leave_gap_behind({{1, 4}, 4, 1});
    CHECK(waiting.lose_all() == 2);
    CHECK(waiting.empty());
}

TEST_CASE("a gap that waits to be replaced holds up what follows") {
    filled waiting{1, 4};
    waiting.lose(0);
    waiting.lose(1);
    waiting.hold_gaps();
    CHECK(gathered(waiting, plain).empty());
    REQUIRE(waiting.front_gap() != nullptr);
    const std::array<crier::frame, 2> instead{*crier::make_frame(crier::event{.data = "a"}),
        *crier::make_frame(crier::event{.data = "b"})};
    waiting.replace_front_gap(instead);
    CHECK(read_waiting(waiting) == texts{"a", "b", "3", "4"});
    waiting.leave_gap_behind({{1, 5}, 5, 1});
    waiting.replace_front_gap(instead);
    CHECK(read_waiting(waiting) == texts{"a", "b"});
}

TEST_CASE("a gap that waits to be replaced can be told as it is") {
    filled waiting{1, 3};
    waiting.lose(0);
    waiting.hold_gaps();
    waiting.tell_front_gap();
    CHECK(read_waiting(waiting) == texts{gap("1", "1", 1), "2", "3"});
    waiting.leave_gap_behind({{1, 4}, 4, 1});
    waiting.tell_front_gap();
    CHECK(read_waiting(waiting) == texts{gap("4", "4", 1)});
    CHECK(waiting.free().events == 0);
}

TEST_CASE("a long backlog is counted while it is one") {
    const memory_account_ptr account{new memory_account};
    {
        backlog waiting{true, account};
        const auto add = [&](std::uint64_t first, std::uint64_t last) {
            for (std::uint64_t number = first; number <= last; ++number) {
                waiting.append(made(number));
            }
        };
        add(1, 50);
        CHECK(account->used() == 0);
        add(51, 10'000);
        const std::size_t used = account->used();
        CHECK(used > 9'000 * sizeof(void*));
        for (int i = 0; i < 5'000; ++i) {
            waiting.pop();
        }
        CHECK(account->used() < used);
        waiting.lose_all();
        CHECK(account->used() == 0);
        add(10'001, 20'000);
        CHECK(account->used() > 0);
    }
    CHECK(account->used() == 0);
}
