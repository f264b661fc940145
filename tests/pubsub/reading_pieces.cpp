#include "pubsub/reading_back.hpp"
#include "support/rooms.hpp"
#include "support/waiting.hpp"

#include <string>
#include <vector>

using crier::gap_reason;
using crier::detail::end_kind;
using crier::detail::reading_back;
using progress = reading_back::progress;
using crier::detail::topic;
using crier::test::idle_ptr;
using crier::test::made;
using crier::test::read_waiting;
using crier::test::rooms;
using texts = std::vector<std::string>;

namespace {

/// A topic of epoch 1 with a history, and who reads back from it.
struct reader : rooms {
    reading_back::common by{*core};
    topic& news;

    explicit reader(std::size_t history, std::uint64_t published) : news{open("news", history)} {
        publish(published);
    }

    void publish(std::uint64_t events) {
        for (std::uint64_t i = 0; i < events; ++i) {
            const std::uint64_t newest = ++core->sequence;
            news.keep({newest, made(newest)->content, crier::clock::now()}, false);
            news.last_publish = newest;
        }
    }

    idle_ptr after(const std::string& last_event_id) {
        idle_ptr who = subscriber_of({"news"});
        reading_back::begin(by, *who, last_event_id);
        return who;
    }

    std::uint64_t told_gaps(gap_reason why) const { return by.gaps[static_cast<std::size_t>(why)]; }
};

} // namespace

TEST_CASE("who has got everything, or comes for the first time, is not behind") {
    reader all{100, 5};
    for (const std::string id : {"", "1.5"}) {
        const idle_ptr who = all.after(id);
        CHECK_FALSE(who->past);
        CHECK_FALSE(who->is_behind);
        CHECK(all.leave(*who));
    }
    CHECK(all.by.resumed == 1);
}

TEST_CASE("what came since is read in pieces of half a queue, in its order") {
    reader all{100, 9};
    const idle_ptr who = all.after("1.2");
    REQUIRE(who->past);
    CHECK(who->is_behind);
    CHECK(who->past->read_piece(nullptr) == progress::more);
    CHECK(read_waiting(who->pending) == texts{"3", "4", "5", "6"});
    all.publish(2);
    CHECK(who->past->read_piece(nullptr) == progress::more);
    CHECK(read_waiting(who->pending) == texts{"7", "8", "9", "10"});
    CHECK(who->past->read_piece(nullptr) == progress::done);
    CHECK(read_waiting(who->pending) == texts{"11"});
    CHECK(who->joined == 0);
    CHECK(all.leave(*who));
}

TEST_CASE("a topic keeps for its readers what their queues would, until the last has read") {
    reader all{2, 2};
    const idle_ptr one = all.after("1.1");
    const idle_ptr other = all.after("1.1");
    all.publish(20);
    CHECK(all.news.kept.size() == 8);
    one->past.reset();
    CHECK(all.news.kept.size() == 8);
    CHECK(all.leave(*other));
    CHECK_FALSE(other->past);
    CHECK(all.news.kept.size() == 2);
    CHECK(all.leave(*one));
}

TEST_CASE("what goes before it was read is told, once") {
    reader all{100, 9};
    const idle_ptr who = all.after("1.0");
    for (int i = 0; i < 3; ++i) {
        all.news.evict_oldest();
    }
    CHECK(who->past->read_piece(nullptr) == progress::more);
    const texts first = read_waiting(who->pending);
    REQUIRE(first.size() == 5);
    CHECK(first.front() == R"({"reason":"evicted","from":"1.1","to":"1.3"}1.3)");
    CHECK(first.back() == "7");
    CHECK(who->past->read_piece(nullptr) == progress::done);
    CHECK(read_waiting(who->pending) == texts{"8", "9"});
    CHECK(all.told_gaps(gap_reason::evicted) == 1);
    CHECK(all.leave(*who));
}

TEST_CASE("who comes from elsewhere is told, and gets what is kept") {
    reader all{2, 5};
    const idle_ptr who = all.after("0.3");
    CHECK(who->past->read_piece(nullptr) == progress::done);
    CHECK(read_waiting(who->pending) ==
          texts{R"({"reason":"epoch","from":"0.4","to":"1.3"}1.3)", "4", "5"});
    CHECK(all.told_gaps(gap_reason::epoch) == 1);
    CHECK(all.leave(*who));
}

TEST_CASE("without the newest event, who has read to the end has it still to get") {
    reader all{100, 3};
    const idle_ptr who = all.after("1.0");
    all.news.kept.miss(4);
    all.news.last_publish = all.core->sequence = 4;
    CHECK(who->past->read_piece(nullptr) == progress::done);
    CHECK(who->joined == 4);
    CHECK(all.leave(*who));
}

TEST_CASE("streams that are ended meanwhile are known to be") {
    reader all{100, 3};
    const idle_ptr who = all.after("1.0");
    CHECK(who->past->how_ended() == end_kind::none);
    crier::detail::owed_drains owed;
    all.news.end_streams(end_kind::closed, owed);
    CHECK(who->past->how_ended() == end_kind::closed);
    all.news.end_streams(end_kind::topic_closed, owed);
    CHECK(who->past->how_ended() == end_kind::topic_closed);
    CHECK(all.leave(*who));
}
