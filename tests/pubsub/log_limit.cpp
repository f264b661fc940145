#include "pubsub/log_limit.hpp"

#include "async/test_clock.hpp"
#include "support/context.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using crier::severity;
using crier::detail::log_limit;
using crier::test::context;
using namespace std::chrono_literals;

namespace {

struct limiting {
    const context clock; // which stands still
    std::vector<std::string> lines;
    log_limit limit{[this](severity, std::string_view line) { lines.emplace_back(line); }};

    void tell(const std::string& line) { limit.tell(severity::warning, line); }
};

} // namespace

TEST_CASE("of lines that differ in numbers and names, ten a second are told") {
    limiting test;
    for (int i = 0; i < 1'000; ++i) {
        test.tell(
            "client " + std::to_string(i) + R"( of "a\")" + std::to_string(i) + "b\" is slow");
    }
    REQUIRE(test.lines.size() == log_limit::lines_per_second);
    CHECK(test.lines.back() == R"(client 9 of "a\"9b" is slow)");
}

TEST_CASE("how many lines were left out is told before the next one") {
    limiting test;
    for (int i = 0; i < 17; ++i) {
        test.tell("slow: " + std::to_string(i));
    }
    test.lines.clear();
    crier::detail::test_clock::advance(1s);
    test.tell("slow: 17");
    test.tell("slow: 18");
    CHECK(
        test.lines == std::vector<std::string>{"7 more lines like this were left out: slow: 10...",
                          "slow: 17", "slow: 18"});
}

TEST_CASE("one kind of lines does not hide another") {
    limiting test;
    for (int i = 0; i < 50; ++i) {
        test.tell("slow: " + std::to_string(i));
    }
    test.tell("on fire: 1");
    CHECK(test.lines.back() == "on fire: 1");
}

TEST_CASE("what was left out last is told at the end") {
    const context clock;
    std::vector<std::string> lines;
    {
        log_limit limit{[&](severity, std::string_view line) { lines.emplace_back(line); }};
        for (int i = 0; i < 12; ++i) {
            limit.tell(severity::error, "slow");
        }
    }
    CHECK(lines.back() == "2 more lines like this were left out: slow...");
}

TEST_CASE("more kinds than there is room for are told, and what was left out of the oldest") {
    limiting test;
    for (int i = 0; i < 12; ++i) {
        test.tell("slow");
    }
    crier::detail::test_clock::advance(100ms);
    for (char kind = 'a'; kind <= 'z'; ++kind) {
        test.tell(std::string(1, kind));
    }
    CHECK(test.lines.size() == 10 + 1 + 26);
}

TEST_CASE("a logger that throws does not harm") {
    const crier::logger limited = crier::detail::limited(
        [](severity, std::string_view) { throw std::runtime_error{"full"}; });
    CHECK_NOTHROW(limited(severity::error, "a line"));
}
