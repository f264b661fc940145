#include "pubsub/resumption.hpp"

#include <crier/wire/frame.hpp>

#include <doctest/doctest.h>

#include <string>

using crier::event_id;
using crier::gap_reason;
using crier::parse_event_id;
using crier::detail::resume_after;

namespace {

/// A manager of epoch 7 that has published 100 events, and keeps those after the 40th.
crier::detail::resumption from(const std::string& text) {
    return resume_after(text, parse_event_id(text), {7, 100}, 40);
}

} // namespace

TEST_CASE("a cursor within the history goes on from there") {
    for (const std::uint64_t sequence : {40U, 41U, 99U, 100U}) {
        const auto decided = from(to_string(event_id{7, sequence}));
        CHECK_FALSE(decided.missing);
        CHECK(decided.after == sequence);
    }
}

TEST_CASE("a cursor older than the history loses what is not kept") {
    const auto decided = from("7.4");
    REQUIRE(decided.missing);
    CHECK(decided.missing->reason == gap_reason::evicted);
    CHECK(decided.missing->from == "7.5");
    CHECK(decided.missing->to == event_id{7, 40});
    CHECK_FALSE(decided.missing->count);
    CHECK(decided.after == 4);
    CHECK(from("7.0").missing->from == "7.1");
    CHECK(from("7.13").missing->from == "7.14"); // 39 and 40 in base 36
    CHECK_FALSE(from("7.14").missing);
}

TEST_CASE("a cursor of another epoch gets all that is kept") {
    for (const char* text : {"6.5", "8.5"}) {
        const auto decided = from(text);
        REQUIRE(decided.missing);
        CHECK(decided.missing->reason == gap_reason::epoch);
        CHECK(decided.missing->from == std::string{text}.substr(0, 2) + "6");
        CHECK(decided.missing->to == event_id{7, 40});
        CHECK(decided.after == 0);
    }
}

TEST_CASE("a cursor in the future gets all that is kept") {
    const auto decided = from("7.2t"); // 101
    REQUIRE(decided.missing);
    CHECK(decided.missing->reason == gap_reason::future);
    CHECK(decided.missing->from == "7.2t");
    CHECK(decided.missing->to == event_id{7, 40});
    CHECK(decided.after == 0);
}

TEST_CASE("a cursor that is none gets all that is kept, and no more than a part of it is told") {
    for (const std::string text :
        {"x", "7", "7.", "7.-1", "7.4 ", "\xff", "42", "7.4.4", "..", "7.zzzzzzzzzzzzzzzzzz"}) {
        CAPTURE(text);
        const auto decided = from(text);
        REQUIRE(decided.missing);
        CHECK(decided.missing->reason == gap_reason::invalid);
        CHECK(decided.missing->from == (text == "\xff" ? "\xEF\xBF\xBD" : text));
        CHECK(decided.missing->to == event_id{7, 40});
        CHECK(decided.after == 0);
    }
    CHECK(from(std::string(1000, 'x')).missing->from.size() == 128);
}

TEST_CASE("the gap's own id is a cursor that does not report it again") {
    for (const char* text : {"7.4", "6.5", "7.2t", "x"}) {
        const auto decided = from(text);
        REQUIRE(decided.missing);
        CHECK_FALSE(from(to_event(*decided.missing).id).missing);
    }
}

TEST_CASE("nothing kept and nothing published: a cursor of old is told, the new one is 0") {
    const auto decided = resume_after("6.5", event_id{6, 5}, {7, 0}, 0);
    REQUIRE(decided.missing);
    CHECK(to_event(*decided.missing).id == "7.0");
    CHECK_FALSE(resume_after("7.0", event_id{7, 0}, {7, 0}, 0).missing);
}

TEST_CASE("a gap is an event that says it in JSON") {
    crier::gap lost{gap_reason::overflow, "7.1", {7, 35}, 5};
    CHECK(
        to_event(lost) == crier::event{.type = "crier.gap",
                              .data = R"({"reason":"overflow","from":"7.1","to":"7.z","count":5})",
                              .id = "7.z"});
    lost = {gap_reason::invalid, "a\xEF\xBF\xBD\"\n", {7, 0}, {}};
    CHECK(to_event(lost).data ==
          "{\"reason\":\"invalid\",\"from\":\"a\xEF\xBF\xBD\\\"\\n\",\"to\":\"7.0\"}");
    CHECK(crier::make_frame(to_event(lost)).has_value());
}
