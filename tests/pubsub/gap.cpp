#include <crier/pubsub/gap.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

using crier::event;
using crier::gap;
using crier::gap_reason;
using crier::parse_gap;

namespace {

event told(std::string data) { return {.type = "crier.gap", .data = std::move(data)}; }

/// The data of a gap with one member in place of that of the same name.
event with(std::string_view name, std::string_view value) {
    std::string data = "{";
    for (const auto& [member, text] : {std::pair{"reason", R"("overflow")"},
             std::pair{"from", R"("1.2")"}, std::pair{"to", R"("1.4")"}, std::pair{"count", "3"}}) {
        const std::string_view chosen = name == member ? value : text;
        if (!chosen.empty()) {
            data += (data.size() == 1 ? "\"" : ",\"") + std::string{member} + "\":";
            data += chosen;
        }
    }
    return told(data + "}");
}

} // namespace

TEST_CASE("a gap is read back as it was written") {
    const std::string hostile = "\"\\\n\x01\u2028 \uFFFD </script>";
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    for (std::size_t reason = 0; reason < crier::gap_reasons; ++reason) {
        for (const std::string& from : {std::string{}, std::string{"1.2"}, hostile,
                 std::string(128, '\x01'), std::string(384, 'x')}) {
            for (const std::optional<std::uint64_t> count :
                {std::optional<std::uint64_t>{}, std::optional<std::uint64_t>{0},
                    std::optional<std::uint64_t>{12}, std::optional{most}}) {
                const gap lost{static_cast<gap_reason>(reason), from, {most, most}, count};
                const std::optional<gap> read = parse_gap(to_event(lost));
                REQUIRE(read);
                CHECK(read->reason == lost.reason);
                CHECK(read->from == lost.from);
                CHECK(read->to == lost.to);
                CHECK(read->count == lost.count);
            }
        }
    }
}

TEST_CASE("parse_gap") {
    std::string shown;
    const auto reload = [&shown](const std::string& why) { shown += why; };
    for (const event& next : {event{.data = "a"}, with("", "")}) {
        if (const std::optional<crier::gap> lost = crier::parse_gap(next)) {
            reload("events are missing: " + std::string{to_string(lost->reason)});
        }
    }
    CHECK(shown == "events are missing: overflow");
}

TEST_CASE("events of other types are no gaps") {
    event other = with("", "");
    REQUIRE(parse_gap(other));
    for (const char* const type : {"", "message", "crier.gaps", "crier", "Crier.Gap"}) {
        other.type = type;
        CHECK_FALSE(parse_gap(other));
    }
}

TEST_CASE("data that is no object of JSON is no gap") {
    for (const char* const data :
        {"", " ", "{", "null", "[]", "1", "\"crier.gap\"", "{}", "{}{}", "{\"reason\"}", "nan"}) {
        CAPTURE(data);
        CHECK_FALSE(parse_gap(told(data)));
    }
    const std::string whole = with("", "").data;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK_FALSE(parse_gap(told(whole.substr(0, size))));
    }
}

TEST_CASE("a member that is missing, or not what it should be, makes it no gap") {
    struct row {
        std::string_view member;
        std::string_view value; ///< empty: the member is left out
    };
    constexpr row rows[] = {
        {"reason", ""},
        {"reason", "1"},
        {"reason", "null"},
        {"reason", R"("")"},
        {"reason", R"("unknown")"},
        {"reason", R"("Overflow")"},
        {"from", ""},
        {"from", "1.2"},
        {"from", "[]"},
        {"from", "\"\xFF\""},
        {"to", ""},
        {"to", "1.4"},
        {"to", "{}"},
        {"to", R"("")"},
        {"to", R"("53")"},
        {"to", R"("-1.4")"},
        {"to", R"("1.zzzzzzzzzzzzzzzzzzzz")"},
        {"count", "-1"},
        {"count", "1.5"},
        {"count", "3.0"},
        {"count", "1e3"},
        {"count", "1e300"},
        {"count", "18446744073709551616"},
        {"count", R"("3")"},
        {"count", "null"},
        {"count", "true"},
    };
    for (const row& each : rows) {
        CAPTURE(each.member);
        CAPTURE(each.value);
        CHECK_FALSE(parse_gap(with(each.member, each.value)));
    }
}

TEST_CASE("the count may be missing, and members that nobody knows may come") {
    const auto read = parse_gap(with("count", ""));
    REQUIRE(read);
    CHECK_FALSE(read->count);
    CHECK(parse_gap(told(R"({"x":{"y":[1]},"reason":"epoch","from":"","to":"1.0"})")));
}

TEST_CASE("data over 4 KB is not read at all") {
    const std::string whole = with("", "").data;
    CHECK(parse_gap(told(whole + std::string(4'096 - whole.size(), ' '))));
    CHECK_FALSE(parse_gap(told(whole + std::string(4'097 - whole.size(), ' '))));
    CHECK_FALSE(parse_gap(told(std::string(4'096, '['))));
}
