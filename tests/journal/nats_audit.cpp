#include "journal/nats_audit.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using crier::detail::nats_audit;
using names = std::vector<std::string>;

namespace {

constexpr nats_audit::time_point start{std::chrono::hours{1}};
constexpr auto later = start + nats_audit::after_follow;

nats_audit of_topics(const names& topics) {
    nats_audit made;
    for (const std::string& each : topics) {
        made.add(each, start - nats_audit::after_follow);
    }
    made.next(topics.size(), 0, start);
    return made;
}

} // namespace

TEST_CASE("a topic is compared a while after it is followed") {
    nats_audit audit;
    audit.add("a", start);
    CHECK(audit.next(9, 0, start).empty());
    CHECK(audit.next(9, 0, later) == names{"a"});
    CHECK(audit.next(9, 0, later).empty());
}

TEST_CASE("topics are compared in turn while numbers are given") {
    nats_audit audit = of_topics({"", "a", "b", "c"});
    CHECK(audit.next(9, 0, start).empty());
    CHECK(audit.next(2, 7, start) == names{"", "a"});
    CHECK(audit.next(2, 8, start) == names{"b", "c"});
    CHECK(audit.next(2, 8, start).empty()); // the end of the round
    CHECK(audit.next(9, 8, start) == names{"", "a", "b", "c"});
    CHECK(audit.next(9, 8, start).empty());
    CHECK(audit.next(9, 8, start).empty());
}

TEST_CASE("a topic that has lost messages comes first") {
    nats_audit audit = of_topics({"a", "b", "c"});
    audit.suspect("c");
    audit.suspect("other");
    CHECK(audit.next(2, 7, start) == names{"c", "a"});
    CHECK(audit.next(2, 7, start) == names{"b", "c"});
}

TEST_CASE("a topic that is followed no more is not compared") {
    nats_audit audit;
    audit.add("a", start);
    audit.add("b", start);
    audit.suspect("a");
    audit.remove("a");
    CHECK(audit.next(1, 0, later) == names{"b"});
    CHECK(audit.next(9, 7, later) == names{"b"});
}

TEST_CASE("a hole has a while to be filled by what is on its way") {
    nats_audit audit = of_topics({"a"});
    audit.note_hole("a", 12, start);
    CHECK(!audit.next_hole(start));
    const auto hole = audit.next_hole(start + nats_audit::grace);
    REQUIRE(hole);
    CHECK(hole->topic == "a");
    CHECK(hole->through == 12);
    CHECK(!audit.next_hole(start + nats_audit::grace));
}
