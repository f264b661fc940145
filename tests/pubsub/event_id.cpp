#include <crier/pubsub/event_id.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <string>

using crier::event_id;
using crier::parse_event_id;
using crier::to_string;

TEST_CASE("an id is two numbers in base 36") {
    CHECK(to_string({.epoch = 36, .sequence = 35}) == "10.z");
    CHECK(to_string({.epoch = 0, .sequence = 0}) == "0.0");
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    CHECK(to_string({.epoch = most, .sequence = most}) == "3w5e11264sgsf.3w5e11264sgsf");
}

TEST_CASE("what was written is read, and nothing else") {
    std::mt19937_64 random{1};
    for (int i = 0; i < 1000; ++i) {
        const event_id id{random() >> random() % 64, random() >> random() % 64};
        CHECK(parse_event_id(to_string(id)) == id);
    }
    for (const std::string text : {"", ".", "1", "1.", ".1", "1.2.3", "1..2", " 1.2", "1.2 ",
             "1.2\n", "-1.2", "1.-2", "+1.2", "01.2", "1.00", "A.1", "1.Z", "1,2", "1.2\xff",
             "\xff.1", "3w5e11264sgsg.1", "1.zzzzzzzzzzzzzzzzzzzz"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_event_id(text).has_value());
    }
    CHECK_FALSE(parse_event_id(std::string_view{"1.2\0", 4}).has_value());
    CHECK(parse_event_id("0.0") == event_id{});
}

TEST_CASE("ids are ordered by their epoch, then by their sequence") {
    CHECK(event_id{1, 9} < event_id{2, 1});
    CHECK(event_id{2, 1} < event_id{2, 10});
}
