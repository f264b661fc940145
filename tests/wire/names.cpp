#include "support/names.hpp"

#include <crier/wire/encoder.hpp>
#include <crier/wire/errc.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using crier::test::enum_names;
using crier::test::names_of;

TEST_CASE("each end of a comment has its name") {
    CHECK(names_of<crier::comment_end>() == enum_names{"blank_line", "line_feed"});
}

TEST_CASE("each error has a name of its own") {
    const enum_names all = names_of<crier::errc>(1);
    CHECK(all.size() == static_cast<std::size_t>(crier::errc::journal_unanswered));
    CHECK(std::set(all.begin(), all.end()).size() == all.size());
    CHECK(all.front() == "invalid_utf8");
    CHECK(all.back() == "journal_unanswered");
    CHECK(to_string(crier::errc::stream_ended) == "stream_ended");
    CHECK(to_string(crier::errc{}) == "unknown");
}
