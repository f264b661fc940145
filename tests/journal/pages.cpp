#include <crier/journal/sqlite_journal.hpp>

#include "support/journaling.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <span>
#include <string>
#include <string_view>
#include <thread>

using namespace crier::test;
using crier::history_limits;
using crier::sqlite_journal;

TEST_CASE("what was appended is read, in its order, after a number") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", {.events = 10});
    to.keep("b", {.events = 10});
    const auto at = std::chrono::system_clock::now() - std::chrono::seconds{5};
    const auto first = to.put("a", "id: 1\ndata: x\n\n", {.key = "k", .at = at});
    const auto second = to.put("b", "two");
    const auto third = to.put("a", "three");

    const auto all = page(journal, "a");
    REQUIRE(all.records.size() == 2);
    CHECK(all.records[0].sequence == first);
    CHECK(all.records[0].key == "k");
    CHECK(all.records[0].text == "id: 1\ndata: x\n\n");
    CHECK(all.records[0].at == at);
    CHECK(all.records[1].sequence == third);
    CHECK(all.through == crier::test::to_the_end);
    CHECK(all.evicted_through == 0);
    CHECK(texts(page(journal, "a", first)) == "three");
    CHECK(texts(page(journal, "b", first)) == "two");
    CHECK(page(journal, "b", second).through == crier::test::to_the_end);
}

TEST_CASE("a page ends by its events or its bytes, and the next one goes on from there") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", {.events = 100});
    for (const char* text : {"aaaa", "bbbb", "cccc", "dddd", "eeee"}) {
        to.put("a", text);
    }
    CHECK(texts(page(journal, "a", 0, 2)) == "aaaa bbbb");
    CHECK(page(journal, "a", 0, 2).through == 2);
    CHECK(texts(page(journal, "a", 2, 2)) == "cccc dddd");
    CHECK(texts(page(journal, "a", 4, 2)) == "eeee");
    CHECK(page(journal, "a", 4, 2).through == crier::test::to_the_end);
    CHECK(texts(page(journal, "a", 0, 9, 5)) == "aaaa bbbb");
    CHECK(texts(page(journal, "a", 0, 9, 4)) == "aaaa");
    CHECK(texts(page(journal, "a", 0, 9, 0)) == "aaaa");
    CHECK(page(journal, "a", ~std::uint64_t{0}).records.empty());
    CHECK(page(journal, "a", std::uint64_t{1} << 63U).records.empty());
    CHECK(retained_page(journal, "a", ~std::uint64_t{0}).records.empty());
    CHECK(page(journal, "a", 3, 0).records.empty());
    CHECK(page(journal, "a", 3, 0).through == 3);
}

TEST_CASE("a topic that has had no event has nothing to miss") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", {.events = 10});
    to.put("a", "x");
    const auto none = page(journal, "other");
    CHECK(none.records.empty());
    CHECK(none.through == crier::test::to_the_end);
    CHECK(none.evicted_through == 0);
    CHECK(retained_page(journal, "other").records.empty());
}

TEST_CASE("names, keys, ids and texts may hold any bytes") {
    using namespace std::string_view_literals;
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    const std::string_view names[] = {
        ""sv, "\0"sv, "\0\0"sv, "a\0b"sv, "a"sv, "a\xFF"sv, "' OR 1=1; DROP TABLE events; --"sv};
    for (const std::string_view name : names) {
        to.keep(name, {.events = 10}, crier::retention::newest_per_key);
        to.put(name, name, {.key = name, .own_id = name});
    }
    std::uint64_t sequence = 0;
    for (const std::string_view name : names) {
        ++sequence;
        const auto found = page(journal, name);
        REQUIRE(found.records.size() == 1);
        CHECK(found.records[0].text == name);
        CHECK(found.records[0].key == name);
        CHECK(retained_page(journal, name).records.size() == 1);
        const auto id = journal.find(name, name);
        REQUIRE(id.has_value());
        CHECK(*id == (name.empty() ? std::nullopt : std::optional{sequence}));
    }
}

TEST_CASE("the oldest event with an id of the publisher's own is found") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", {.events = 3});
    to.keep("b", {.events = 3});
    to.put("b", "1", {.own_id = "x"});
    to.put("a", "2", {.own_id = "x"});
    to.put("a", "3");
    to.put("a", "4", {.own_id = "x"});
    CHECK(journal.find("a", "x").value() == 2);
    CHECK(journal.find("b", "x").value() == 1);
    CHECK(journal.find("a", "y").value() == std::nullopt);
    CHECK(journal.find("none", "x").value() == std::nullopt);
    to.put("a", "5"); // the second goes by it
    CHECK(journal.find("a", "x").value() == 4);
    CHECK(!journal.forget("a", {}));
    CHECK(journal.find("a", "x").value() == std::nullopt);
}

TEST_CASE("many topics keep their events apart") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    constexpr int topics = 2'000;
    {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        std::vector<std::string> names;
        std::vector<crier::journal_entry> entries;
        for (int i = 0; i < topics; ++i) {
            names.push_back("topic/" + std::to_string(i));
            to.keep(names.back(), {.events = 2});
        }
        for (int round = 0; round < 3; ++round) {
            for (const std::string& name : names) {
                entries.push_back(
                    {++to.next, name, {}, {}, name, std::chrono::system_clock::now()});
            }
        }
        REQUIRE(!journal.append(entries));
    }
    sqlite_journal journal{{.path = path}};
    feeder to{journal};
    for (int i = 0; i < topics; i += 97) {
        const std::string name = "topic/" + std::to_string(i);
        const auto found = page(journal, name);
        CHECK(texts(found) == name + " " + name);
        CHECK(found.evicted_through == static_cast<std::uint64_t>(i) + 1);
    }
}

TEST_CASE("a reader in another thread sees whole appends only, while more is written") {
    const temporary_directory folder;
    sqlite_journal journal{
        {.path = folder.file("events.db"), .safety = crier::journal_safety::written}};
    feeder to{journal};
    constexpr std::size_t in_one = 50;
    to.keep("a", {.events = 1'000'000});
    std::atomic<bool> is_over = false;
    std::atomic<int> broken = 0;
    std::thread reader{[&] {
        std::uint64_t after = 0;
        while (!is_over || after < in_one * 200) {
            const auto read = journal.read("a", after, no_limit, no_limit);
            if (!read || read->records.size() % in_one != 0) {
                ++broken;
                return;
            }
            after += read->records.size();
            if (!read->records.empty() && read->records.back().sequence != after) {
                ++broken;
                return;
            }
        }
    }};
    for (int i = 0; i < 200; ++i) {
        to.put_many("a", in_one);
    }
    is_over = true;
    reader.join();
    CHECK(broken == 0);
}

TEST_CASE("an append of nothing does nothing") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    CHECK(!journal.append({}));
    CHECK(page(journal, "a").through == crier::test::to_the_end);
}

TEST_CASE("of an append that is refused nothing is kept") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", {.events = 10});
    const auto now = std::chrono::system_clock::now();
    crier::journal_entry twice[] = {
        {1, "a", {}, {}, "x", now}, {2, "a", {}, {}, "y", now}, {2, "a", {}, {}, "z", now}};
    CHECK(journal.append(twice) == boost::system::errc::invalid_argument);
    CHECK(page(journal, "a").records.empty());
    CHECK(!journal.append(std::span{twice, 2}));
    CHECK(texts(page(journal, "a")) == "x y");
}
