#include "pubsub/event_queue.hpp"

#include "support/event_reader.hpp"
#include "wire/frame_access.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <random>
#include <string>
#include <vector>

using crier::drop_counts;
using crier::drop_reason;
using crier::overflow_policy;
using crier::queue_limits;
using crier::detail::entry;
using crier::detail::entry_ptr;
using crier::detail::event_queue;
using crier::detail::frame_access;
using crier::detail::frame_bytes;
using crier::detail::memory_account;
using crier::detail::memory_account_ptr;
using texts = std::vector<std::string>;

namespace {

/// Event number n, whose data is its number; with a key its data is "key number".
entry_ptr made(std::uint64_t number, const std::string& key = {}, const std::string& more = {}) {
    const std::string data = (key.empty() ? key : key + " ") + std::to_string(number) + more;
    const memory_account_ptr account{new memory_account};
    return entry_ptr{
        new entry{*frame_access::make(crier::event{.data = data}, key, account), {1, number}}};
}

constexpr frame_bytes plain = &crier::frame::text;
constexpr frame_bytes chunked = &crier::frame::chunk;

std::string gathered(event_queue& from, frame_bytes as) {
    std::string bytes;
    for (const boost::asio::const_buffer& each : from.gather(as)) {
        bytes.append(static_cast<const char*>(each.data()), each.size());
    }
    return bytes;
}

std::string write(event_queue& from, frame_bytes as) {
    std::string all;
    while (!from.empty()) {
        const std::string next = gathered(from, as);
        from.advance(next.size(), as);
        all += next;
    }
    return all;
}

/// All that waits: the data of events, and of gaps "first-last(count)".
texts read_all(event_queue& from) {
    texts result;
    for (const auto& each : crier::test::event_reader{write(from, plain)}.events) {
        if (each.type == "crier.signal") {
            result.push_back("signal " + each.id + each.data);
        } else if (each.type == "crier.gap") {
            result.push_back(each.data + each.id);
        } else {
            result.push_back(each.data);
        }
    }
    return result;
}

std::string gap(const std::string& from, const std::string& to, int count) {
    return R"({"reason":"overflow","from":"1.)" + from + R"(","to":"1.)" + to + R"(","count":)" +
           std::to_string(count) + "}1." + to;
}

std::uint64_t at(const drop_counts& lost, drop_reason why) {
    return lost[static_cast<std::size_t>(why)];
}

/// A queue and what it lost.
struct queue {
    event_queue pending{true, memory_account_ptr{new memory_account}};
    drop_counts lost{};

    explicit queue(overflow_policy past, std::size_t events = 3, std::size_t bytes = 1000) {
        pending.limit({events, bytes, past});
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

TEST_CASE("gather gives the frames in the stream's coding, as many as there are buffers") {
    queue many{overflow_policy::drop_newest, 100};
    many.fill(1, 100);
    CHECK(many.pending.gather(plain).size() == 64);
    queue q{overflow_policy::drop_newest};
    q.fill(1, 3);
    CHECK(gathered(q.pending, chunked) ==
          "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n9\r\ndata: 3\n\n\r\n");
    CHECK(gathered(q.pending, plain) == "data: 1\n\ndata: 2\n\ndata: 3\n\n");
    queue none{overflow_policy::drop_newest};
    CHECK(gathered(none.pending, plain).empty());
}

TEST_CASE("however the bytes are written piece by piece, all of them are, in order") {
    for (const frame_bytes as : {plain, chunked}) {
        for (std::size_t step = 1; step < 60; ++step) {
            queue q{overflow_policy::drop_newest};
            q.fill(9, 11);
            const std::string all = gathered(q.pending, as);
            std::string written;
            while (!q.pending.empty()) {
                const std::string next = gathered(q.pending, as).substr(0, step);
                REQUIRE_FALSE(next.empty());
                written += next;
                q.pending.advance(next.size(), as);
            }
            CHECK(written == all);
        }
    }
}

TEST_CASE("an entry goes with its last reader") {
    const entry_ptr shared = made(1);
    {
        queue first{overflow_policy::drop_newest};
        queue second{overflow_policy::drop_newest};
        first.pending.offer(shared, first.lost);
        second.pending.offer(shared, second.lost);
        CHECK(shared->use_count() == 3);
        first.pending.pop();
        CHECK(shared->use_count() == 2);
    }
    CHECK(shared->use_count() == 1);
}

TEST_CASE("drop_newest keeps what waits, and one gap tells what followed") {
    queue q{overflow_policy::drop_newest};
    q.fill(1, 6);
    CHECK(q.pending.dropped() == 3);
    CHECK(at(q.lost, drop_reason::newest) == 3);
    CHECK(read_all(q.pending) == texts{"1", "2", "3", gap("4", "6", 3)});
    CHECK(q.offer(7));
    CHECK(read_all(q.pending) == texts{"7"});
}

TEST_CASE("a gap stands where the events are missing") {
    queue q{overflow_policy::drop_newest};
    q.fill(1, 4);
    q.pending.pop();
    q.fill(5, 6);
    CHECK(read_all(q.pending) == texts{"2", "3", gap("4", "4", 1), "5", gap("6", "6", 1)});
}

TEST_CASE("drop_oldest keeps the newest, after the gap") {
    queue q{overflow_policy::drop_oldest};
    q.fill(1, 40);
    CHECK(at(q.lost, drop_reason::oldest) == 37);
    CHECK(read_all(q.pending) == texts{gap("1", "11", 37), "38", "39", "40"});
}

TEST_CASE("conflate keeps the newest of each key in their order, which is no gap") {
    queue q{overflow_policy::conflate, 3};
    q.offer(1, "a");
    q.offer(2, "b");
    q.offer(3, "a");
    CHECK(q.offer(4, "b"));
    CHECK(read_all(q.pending) == texts{"a 1", "a 3", "b 4"});
    q.offer(5, "a");
    q.offer(6, "a");
    q.offer(7, "b");
    CHECK(q.offer(8, "c"));
    CHECK(at(q.lost, drop_reason::conflated) == 2);
    CHECK(read_all(q.pending) == texts{"a 6", "b 7", "c 8"});
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
    CHECK(read_all(q.pending) == texts{"ttype 5", "ttype 6"});
}

TEST_CASE("more keys than have room are dropped with a gap, the oldest first") {
    queue q{overflow_policy::conflate, 2};
    for (const char* key : {"a", "b", "c", "b", "d"}) {
        q.offer(q.pending.dropped() + q.pending.size() + 1, key);
    }
    CHECK(at(q.lost, drop_reason::conflated) == 1);
    CHECK(at(q.lost, drop_reason::oldest) == 2);
    const texts left = read_all(q.pending);
    REQUIRE(left.size() == 3);
    CHECK(left[0].find("overflow") != std::string::npos);
}

TEST_CASE("signal leaves one event without data, whose id is the last one's") {
    queue q{overflow_policy::signal};
    q.fill(1, 9);
    CHECK(at(q.lost, drop_reason::signalled) + 1 + 2 >= 9);
    const texts left = read_all(q.pending);
    CHECK(left.front().starts_with("signal 1."));
    q.fill(10, 12);
    CHECK(read_all(q.pending) == texts{"10", "11", "12"});
    q.fill(13, 16);
    CHECK(read_all(q.pending) == texts{"signal 1.g"});
}

TEST_CASE("a signal stands for the gaps too that come after what it stands for") {
    queue q{overflow_policy::signal};
    q.pending.miss({1, 1}, 2, 2, q.lost);
    q.fill(3, 5);
    q.pending.miss({1, 6}, 7, 2, q.lost);
    q.fill(8, 8);
    // After a gap up to 7, who leaves would come back past what was between.
    const texts left{gap("1", "2", 2), "signal 1.8"};
    CHECK(read_all(q.pending) == left);
    CHECK(at(q.lost, drop_reason::signalled) == 4);
    CHECK(at(q.lost, drop_reason::memory) == 4);
    q.fill(9, 10);
    q.pending.miss({1, 11}, 12, 2, q.lost);
    q.pending.shed(13, q.lost);
    CHECK(read_all(q.pending) == texts{"signal 1.c"});
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
    CHECK(read_all(p.pending) == texts{"1"});
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

TEST_CASE("a gap that has been gathered but not written grows on") {
    queue q{overflow_policy::drop_newest, 1};
    q.fill(1, 2);
    gathered(q.pending, plain);
    q.fill(3, 4);
    CHECK(read_all(q.pending) == texts{"1", gap("2", "4", 3)});
    q.fill(5, 6);
    gathered(q.pending, plain);
    q.pending.pin(2);
    q.fill(7, 8);
    CHECK(read_all(q.pending) == texts{"5", gap("6", "6", 1), gap("7", "8", 2)});
}

TEST_CASE("a stream without ids is not told of its gaps") {
    event_queue pending{false, memory_account_ptr{new memory_account}};
    pending.limit({2, 1000, overflow_policy::drop_oldest});
    drop_counts lost{};
    for (std::uint64_t number = 1; number <= 5; ++number) {
        pending.offer(made(number), lost);
    }
    CHECK(read_all(pending) == texts{"4", "5"});
    CHECK(pending.dropped() == 3);
}

TEST_CASE("for lack of memory what is older goes, by each policy") {
    const auto shed = [](overflow_policy past, std::uint64_t before) {
        queue q{past, 10};
        q.fill(1, 4);
        q.pending.shed(before, q.lost);
        return read_all(q.pending);
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
    CHECK(read_all(q.pending) == texts{"signal 1.1", "2"});
    CHECK(at(q.lost, drop_reason::signalled) == 1);
}

TEST_CASE("a long queue is counted while it is one") {
    const memory_account_ptr account{new memory_account};
    drop_counts lost{};
    {
        event_queue pending{true, account};
        pending.limit({1'000'000, 1'000'000'000, overflow_policy::drop_oldest});
        for (std::uint64_t number = 1; number <= 50; ++number) {
            pending.offer(made(number), lost);
        }
        CHECK(account->used() == 0);
        for (std::uint64_t number = 51; number <= 10'000; ++number) {
            pending.offer(made(number), lost);
        }
        const std::size_t used = account->used();
        CHECK(used > 9'000 * sizeof(void*));
        for (int i = 0; i < 5'000; ++i) {
            pending.pop();
        }
        CHECK(account->used() < used);
        pending.shed(9'990, lost);
        CHECK(account->used() < used / 4);
        for (std::uint64_t number = 10'001; number <= 20'000; ++number) {
            pending.offer(made(number), lost);
        }
        CHECK(account->used() > 0);
    }
    CHECK(account->used() == 0);
}

TEST_CASE("gaps of several topics that overlap are one, up to the last event of all") {
    queue q{overflow_policy::drop_newest, 1};
    q.pending.miss({1, 1}, 9, 5, q.lost);
    q.pending.miss({1, 2}, 8, 4, q.lost);
    CHECK(read_all(q.pending) == texts{gap("1", "9", 9)});
}

TEST_CASE("events that there was no memory for are told with what else is missing") {
    queue q{overflow_policy::drop_newest, 1};
    q.fill(1, 2);
    q.pending.miss({1, 3}, 7, 5, q.lost);
    CHECK(at(q.lost, drop_reason::memory) == 5);
    q.pending.miss({1, 4}, 5, 2, q.lost);
    CHECK(read_all(q.pending) == texts{"1", gap("2", "7", 8)});
}

TEST_CASE("a gap that waits to be replaced holds up what follows") {
    queue q{overflow_policy::drop_oldest, 2};
    q.fill(1, 4);
    q.pending.hold_gaps();
    CHECK(gathered(q.pending, plain).empty());
    REQUIRE(q.pending.front_gap() != nullptr);
    const std::array<crier::frame, 2> instead{*crier::make_frame(crier::event{.data = "a"}),
        *crier::make_frame(crier::event{.data = "b"})};
    q.pending.replace_front_gap(instead);
    CHECK(read_all(q.pending) == texts{"a", "b", "3", "4"});
    q.pending.miss({1, 5}, 5, 1, q.lost);
    q.pending.replace_front_gap(instead);
    CHECK(read_all(q.pending) == texts{"a", "b"});
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
