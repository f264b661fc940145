#include "journal/nats_following.hpp"

#include <doctest/doctest.h>

#include <chrono>

using crier::detail::nats_following;
using fate = nats_following::fate;

namespace {

constexpr nats_following::time_point start{std::chrono::hours{1}};

/// Tells the next one.
std::optional<crier::detail::nats_place> followed_by(
    nats_following& of, nats_following::time_point now) {
    const auto next = of.next_followed(now);
    if (next) {
        CHECK(of.next_followed(now).value().topic == next->topic);
        of.note_followed(next->topic);
    }
    return next;
}

/// A topic "a" that is followed from 10.
nats_following followed_from_ten() {
    nats_following to;
    to.start("a");
    to.begin("a", 10, start);
    followed_by(to, start + nats_following::held_for);
    return to;
}

} // namespace

TEST_CASE("what goes on where the last one was is told, and what was told is dropped") {
    nats_following to = followed_from_ten();
    CHECK(to.take("a", {10, 7}).does == fate::drop);
    CHECK(to.take("a", {12, 10}).does == fate::tell);
    to.note("a", 12);
    CHECK(to.take("a", {12, 10}).does == fate::drop);
    CHECK(to.take("a", {13, 0}).does == fate::tell); // the server keeps no more of the topic
    CHECK(to.take("a", {0, 0}).does == fate::drop);
    CHECK(to.through("a") == 12);
}

TEST_CASE("a hole before an arrival is filled") {
    nats_following to = followed_from_ten();
    CHECK(to.take("a", {15, 13}).does == fate::fill);
    to.note("a", 13);
    CHECK(to.take("a", {15, 13}).does == fate::tell);
}

TEST_CASE("what nobody follows is dropped") {
    nats_following to = followed_from_ten();
    CHECK(to.take("b", {15, 13}).does == fate::drop);
    to.stop("a");
    CHECK(to.take("a", {15, 10}).does == fate::drop);
    CHECK(!to.through("a"));
    to.begin("a", 20, start); // too late
    CHECK(!followed_by(to, start + nats_following::held_for));
}

TEST_CASE("a topic is followed a moment later if events with lower numbers may come") {
    nats_following to;
    to.start("a");
    to.begin("a", 10, start);
    CHECK(!followed_by(to, start));
    CHECK(!to.through("a"));
    CHECK(to.held_until() == start + nats_following::held_for);
    const auto later = followed_by(to, start + nats_following::held_for);
    REQUIRE(later);
    CHECK(later->topic == "a");
    CHECK(later->through == 10);
    CHECK(to.through("a") == 10);
    CHECK(!followed_by(to, start));
    CHECK(!to.held_until());
}

TEST_CASE("a topic is followed at once when as high a number was told") {
    nats_following to = followed_from_ten();
    to.note("a", 12);
    to.start("b");
    to.start("c");
    to.begin("b", 12, start);
    to.begin("c", 14, start);
    CHECK(followed_by(to, start).value().topic == "b");
    CHECK(!followed_by(to, start));
    to.note("a", 14);
    CHECK(followed_by(to, start).value().topic == "c");
}

TEST_CASE("an event that comes before it is told that its topic is followed has that told first") {
    nats_following to;
    to.start("a");
    to.begin("a", 10, start);
    CHECK(to.take("a", {9, 8}).does == fate::drop);
    const auto next = to.take("a", {14, 12});
    CHECK(next.does == fate::fill);
    CHECK(next.followed == 10);
    CHECK(to.take("a", {14, 12}).followed == 10);
    to.note_followed("a");
    CHECK(!to.take("a", {15, 14}).followed);
    CHECK(!followed_by(to, start + nats_following::held_for));
}

TEST_CASE("an event that comes before its topic's number is known begins the topic") {
    nats_following to;
    to.start("a");
    const auto first = to.take("a", {14, 12});
    CHECK(first.does == fate::tell);
    CHECK(first.followed == 13);
    to.note_followed("a");
    to.note("a", 14);
    to.begin("a", 16, start);
    CHECK(!followed_by(to, start + nats_following::held_for));
    CHECK(to.through("a") == 14);
}

TEST_CASE("a topic that is followed begins anew") {
    nats_following to = followed_from_ten();
    to.note("a", 12);
    to.start("a");
    CHECK(!to.through("a"));
    to.begin("a", 12, start);
    const auto again = followed_by(to, start);
    REQUIRE(again);
    CHECK(again->through == 12);
    CHECK(to.take("a", {12, 10}).does == fate::drop);
}

TEST_CASE("all topics that are followed are known with their numbers") {
    nats_following to = followed_from_ten();
    to.start("b");
    to.start("c");
    to.begin("c", 11, start);
    to.note("a", 12);
    REQUIRE(to.all().size() == 1);
    CHECK(to.all()[0].topic == "a");
    CHECK(to.all()[0].through == 12);
}
