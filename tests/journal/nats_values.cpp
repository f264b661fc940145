#include "journal/nats_values.hpp"

#include <doctest/doctest.h>

#include <string>

using crier::journal_action;
using crier::journal_page;
using crier::journal_record;
using crier::retention;
using crier::detail::nats_values;

namespace {

journal_record entry(std::uint64_t sequence, const std::string& key,
    journal_action action = journal_action::publish) {
    journal_record made;
    made.sequence = sequence;
    made.key = key;
    made.text = action == journal_action::publish ? "12345" : "";
    made.action = action;
    return made;
}

std::string given(nats_values& by, std::uint64_t after = 0) {
    journal_page page;
    CHECK(by.give(page, after, 100, 1'000));
    std::string numbers;
    for (const journal_record& each : page.records) {
        numbers += std::to_string(each.sequence) + ' ';
    }
    return numbers;
}

} // namespace

TEST_CASE("the newest event of each key is retained, in the order of the numbers") {
    nats_values values{retention::newest_per_key};
    values.take(entry(1, "a"));
    values.take(entry(2, "b"));
    values.take(entry(3, "c"));
    values.take(entry(4, "a"));
    values.take(entry(5, "b", journal_action::end_streams));
    CHECK(values.forgotten_through() == 0);
    CHECK(given(values) == "2 3 4 ");
}

TEST_CASE("the newest event is retained, whatever its key") {
    nats_values values{retention::newest};
    values.take(entry(1, "a"));
    values.take(entry(2, "b"));
    values.take(entry(3, "b", journal_action::forget)); // of a key, which means nothing here
    CHECK(given(values) == "2 ");
}

TEST_CASE("what a key has is forgotten alone") {
    nats_values values{retention::newest_per_key};
    values.take(entry(1, "a"));
    values.take(entry(2, "b"));
    values.take(entry(3, "a", journal_action::forget));
    values.take(entry(4, "x", journal_action::forget));
    CHECK(values.forgotten_through() == 1);
    CHECK(given(values) == "2 ");
}

TEST_CASE("all is forgotten by a topic that is closed, or forgets") {
    for (const auto action : {journal_action::close, journal_action::forget}) {
        nats_values values{retention::newest_per_key};
        values.take(entry(1, "a"));
        values.take(entry(2, "", action));
        CHECK(values.empty());
        CHECK(values.forgotten_through() == 2);
        values.take(entry(3, "a"));
        CHECK(given(values) == "3 ");
    }
}

TEST_CASE("a page of values ends by its events or its bytes") {
    const auto values = [] {
        nats_values made{retention::newest_per_key};
        for (std::uint64_t i = 1; i <= 4; ++i) {
            made.take(entry(i, std::to_string(i)));
        }
        return made;
    };
    journal_page page;
    CHECK(!values().give(page, 1, 2, 1'000));
    CHECK(page.records.size() == 2);
    CHECK(page.records[0].sequence == 2);
    journal_page bytes;
    CHECK(!values().give(bytes, 0, 10, 6));
    CHECK(bytes.records.size() == 2);
    journal_page rest;
    CHECK(values().give(rest, 3, 10, 6));
    CHECK(rest.records.size() == 1);
}

TEST_CASE("of too many keys those go that are the oldest") {
    nats_values values{retention::newest_per_key};
    for (std::uint64_t i = 1; i <= nats_values::most_keys + 2; ++i) {
        values.take(entry(i, std::to_string(i)));
    }
    CHECK(values.forgotten_through() == 2);
    CHECK(given(values, nats_values::most_keys) == "10001 10002 ");
}
