#include "pubsub/log_line.hpp"

#include <crier/pubsub/logger.hpp>

#include "pubsub/log_failure.hpp"

#include <doctest/doctest.h>

#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using crier::detail::log_line;
using crier::detail::quoted_name;

namespace {

std::string text_of(auto what) {
    log_line line;
    line << what;
    return std::string{line.text()};
}

std::exception_ptr failure(const std::string& what) {
    return std::make_exception_ptr(std::runtime_error{what});
}

} // namespace

TEST_CASE("a name is told as a JSON string") {
    CHECK(text_of(quoted_name{"caf\u00e9"}) == "\"caf\u00e9\"");
    CHECK(text_of(quoted_name{"a\"\\\n\u009b\u202e\x7f\xff"}) ==
          "\"a\\\"\\\\\\n\\u009b\\u202e\\u007f\uFFFD\"");
}

TEST_CASE("what an exception says begins no line of its own and sets no terminal") {
    CHECK(text_of(failure("bad: \"x\"\ncrier: error: \u009b2J\u2028\u2066\xc3")) ==
          "bad: \"x\"\\ncrier: error: \\u009b2J\\u2028\\u2066\uFFFD");
    std::vector<std::string> lines;
    crier::detail::log_failure(
        [&](crier::severity, std::string_view line) { lines.emplace_back(line); },
        "handler failed: ", failure("\r\nx"));
    CHECK(lines == std::vector<std::string>{"handler failed: \\r\\nx"});
}

TEST_CASE("what does not fit is cut off between characters, and nothing comes after it") {
    log_line line;
    line << std::string(1021, 'x') << "\u20ac" << "y";
    CHECK(line.text() == std::string(1021, 'x'));
    CHECK(line.ended() == std::string(1021, 'x') + "\n");
    CHECK(text_of(std::string(2000, 'x')) == std::string(1023, 'x'));
    CHECK(text_of(std::string(1020, 'x') + "\n\n") == std::string(1020, 'x') + "\\n");
}

TEST_CASE("a line for std::clog is one line whoever gives it") {
    std::ostringstream told;
    std::streambuf* const before = std::clog.rdbuf(told.rdbuf());
    crier::log_to_clog(crier::severity::warning, "a\nb\u009b\xff\\u000a");
    crier::log_to_clog(crier::severity::info, "not told");
    std::clog.rdbuf(before);
    CHECK(told.str() == "crier: warning: a\\nb\\u009b\uFFFD\\u000a\n");
}
