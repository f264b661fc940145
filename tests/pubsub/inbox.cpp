#include "pubsub/inbox.hpp"

#include "pubsub/lane.hpp"
#include "pubsub/shedding.hpp"
#include "support/failing_allocations.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <new>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

using crier::detail::counters;
using crier::detail::inbox;
using crier::detail::lane;
using crier::detail::shedding;
using texts = std::vector<std::string>;

namespace {

std::shared_ptr<lane> a_lane(std::string topic) {
    return std::make_shared<lane>(
        std::move(topic), std::make_shared<counters>(), std::make_shared<counters>());
}

inbox::arrival event(
    const std::shared_ptr<lane>& in, std::uint64_t number, std::uint64_t only_since = 0) {
    return {in, {}, {1, number}, {}, only_since};
}

bool refuse(inbox& by, const std::shared_ptr<lane>& in, std::uint64_t number,
    std::uint64_t only_since = 0) {
    return by.refuse(in, {1, number}, only_since);
}

std::string text_of(const inbox::arrival& came) {
    return came.in->topic + " " + std::to_string(came.id.sequence);
}

std::string text_of(const inbox::refusal& refused) {
    return refused.in->topic + " " + std::to_string(refused.first.sequence) + "-" +
           std::to_string(refused.last.sequence) + "(" + std::to_string(refused.count) + ")" +
           (refused.only_since > 0 ? " since " + std::to_string(refused.only_since) : "");
}

std::string text_of(const inbox::shed& room) {
    return "shed " + std::to_string(room.before) + (room.round ? " for a round" : "");
}

std::string text_of(const inbox::cut& ended) { return "cut " + ended.in->topic; }

template <class Other>
std::string text_of(const Other& /*each*/) {
    return "other";
}

/// What a drain finds: events "topic number", refused ones "topic first-last(count)".
texts drain(inbox& from) {
    std::vector<inbox::item> taken;
    from.swap(taken);
    texts result;
    for (const inbox::item& each : taken) {
        result.push_back(std::visit([](const auto& one) { return text_of(one); }, each));
    }
    return result;
}

} // namespace

TEST_CASE("what comes first after a drain owes the next one") {
    inbox in;
    const auto a = a_lane("a");
    CHECK(in.push(event(a, 1)));
    CHECK_FALSE(in.push(event(a, 2)));
    CHECK_FALSE(refuse(in, a, 3));
    CHECK(drain(in) == texts{"a 1", "a 2", "a 3-3(1)"});
    CHECK(refuse(in, a, 4));
    CHECK_FALSE(in.push(event(a, 5)));

    in.forgive_drain();
    CHECK(in.push(event(a, 6)));
    CHECK(drain(in) == texts{"a 4-4(1)", "a 5", "a 6"});
}

TEST_CASE("a drained vector's room is used again") {
    inbox in;
    const auto a = a_lane("a");
    std::vector<inbox::item> emptied;
    emptied.reserve(100);
    const inbox::item* const room = emptied.data();
    in.swap(emptied);
    CHECK(in.push(event(a, 1)));
    in.swap(emptied);
    CHECK(emptied.size() == 1);
    CHECK(emptied.data() == room);
}

TEST_CASE("refused events of a topic are one item, also between those of other topics") {
    inbox in;
    const auto a = a_lane("a");
    const auto b = a_lane("b");
    CHECK(refuse(in, a, 1));
    CHECK_FALSE(refuse(in, b, 2));
    CHECK_FALSE(refuse(in, a, 3));
    CHECK_FALSE(refuse(in, b, 5));
    CHECK(drain(in) == texts{"a 1-3(2)", "b 2-5(2)"});

    CHECK(refuse(in, a, 6));
    CHECK(drain(in) == texts{"a 6-6(1)"});
}

TEST_CASE("whatever comes in between parts refused events") {
    inbox in;
    const auto a = a_lane("a");
    const auto b = a_lane("b");
    CHECK(refuse(in, a, 1));
    CHECK_FALSE(in.push(event(b, 2)));
    CHECK_FALSE(refuse(in, a, 3));
    CHECK_FALSE(in.push(inbox::cut{a}));
    CHECK_FALSE(refuse(in, a, 4));
    CHECK_FALSE(refuse(in, a, 5));
    CHECK(drain(in) == texts{"a 1-1(1)", "b 2", "a 3-3(1)", "cut a", "a 4-5(2)"});
}

TEST_CASE("what only newcomers miss is not added to what all miss") {
    inbox in;
    const auto a = a_lane("a");
    CHECK(refuse(in, a, 1));
    CHECK_FALSE(refuse(in, a, 2, 1));
    CHECK_FALSE(refuse(in, a, 3, 1));
    CHECK_FALSE(refuse(in, a, 4));
    CHECK_FALSE(refuse(in, a, 5));
    CHECK(drain(in) == texts{"a 1-1(1)", "a 2-2(1) since 1", "a 3-3(1) since 1", "a 4-5(2)"});
}

TEST_CASE("an inbox that is withdrawn from a round refuses what is older, and ends its part") {
    inbox in;
    const auto a = a_lane("a");
    const auto b = a_lane("b");
    std::optional<std::uint64_t> over;
    auto round = std::make_shared<shedding>([&over](std::uint64_t oldest) { over = oldest; });
    CHECK(in.push(event(a, 1)));
    CHECK_FALSE(in.push(event(b, 2)));
    CHECK_FALSE(refuse(in, a, 3));
    CHECK_FALSE(in.push(inbox::cut{b}));
    CHECK_FALSE(in.push(event(a, 4)));
    CHECK_FALSE(in.push(event(a, 5, 4)));
    CHECK_FALSE(in.push(inbox::shed{6, std::make_shared<counters>(), std::move(round)}));
    CHECK_FALSE(in.push(event(a, 6)));
    CHECK_FALSE(refuse(in, a, 7));
    REQUIRE_FALSE(over);

    in.withdraw();
    CHECK(over == std::numeric_limits<std::uint64_t>::max());
    CHECK_FALSE(refuse(in, a, 8));
    CHECK_FALSE(refuse(in, a, 9));
    CHECK(drain(in) == texts{"a 1-3(2)", "b 2-2(1)", "cut b", "a 4-4(1)", "a 5-5(1) since 4", "a 6",
                           "a 7-7(1)", "shed 6", "a 8-9(2)"});
}

TEST_CASE("of several rounds the latest is withdrawn from, and once") {
    inbox in;
    const auto a = a_lane("a");
    const auto counts = std::make_shared<counters>();
    const auto round = std::make_shared<shedding>([](std::uint64_t /*oldest*/) {});
    CHECK(in.push(event(a, 1)));
    CHECK_FALSE(in.push(inbox::shed{2, counts, round}));
    CHECK_FALSE(in.push(event(a, 2)));
    CHECK_FALSE(in.push(inbox::shed{3, counts, round}));
    in.withdraw();
    CHECK(round.use_count() == 1);
    CHECK_FALSE(in.push(event(a, 2)));
    in.withdraw();
    CHECK(drain(in) == texts{"a 1-2(2)", "shed 3", "a 2"});
}

TEST_CASE("a round that has begun is not withdrawn from") {
    inbox in;
    const auto a = a_lane("a");
    const auto round = std::make_shared<shedding>([](std::uint64_t /*oldest*/) {});
    CHECK(in.push(inbox::shed{9, std::make_shared<counters>(), round}));
    CHECK(drain(in) == texts{"shed 9 for a round"});
    CHECK(in.push(event(a, 1)));
    in.withdraw();
    CHECK(drain(in) == texts{"a 1"});
}

TEST_CASE("what there is no memory for leaves no trace, and the next one comes in") {
    inbox in;
    const auto a = a_lane("a");
    const auto counts = std::make_shared<counters>();

    crier::test::fail_allocation_after(0);
    CHECK_THROWS_AS(std::ignore = refuse(in, a, 1), std::bad_alloc);
    CHECK(refuse(in, a, 2));
    CHECK(drain(in) == texts{"a 2-2(1)"});

    crier::test::fail_allocation_after(0);
    CHECK_THROWS_AS(std::ignore = in.push(inbox::shed{2, counts, {}}), std::bad_alloc);
    in.withdraw();
    CHECK(in.push(event(a, 1)));
    CHECK(drain(in) == texts{"a 1"});
}
