#include <crier/journal/sqlite_journal.hpp>

#include "support/journaling.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

using namespace crier::test;
using namespace std::chrono_literals;
using crier::history_limits;
using crier::retention;
using crier::sqlite_journal;

namespace {

std::chrono::system_clock::time_point ago(std::chrono::milliseconds by) {
    return std::chrono::system_clock::now() - by;
}

} // namespace

TEST_CASE("a topic keeps so many of its newest events") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", {.events = 3});
    for (const char* text : {"1", "2", "3", "4", "5"}) {
        to.put("a", text);
    }
    const auto kept = page(journal, "a");
    CHECK(texts(kept) == "3 4 5");
    CHECK(kept.evicted_through == 2);
    CHECK(page(journal, "a", 4).evicted_through == 2);
}

TEST_CASE("a topic keeps so many bytes of text, and one large event makes many small ones go") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", {.events = 1'000, .bytes = 100});
    to.put_many("a", 50); // 91 bytes
    CHECK(page(journal, "a").evicted_through == 0);
    const auto last = to.put("a", std::string(99, 'x'));
    CHECK(page(journal, "a").records.size() == 1);
    CHECK(page(journal, "a").evicted_through == last - 1);
    to.put("a", std::string(101, 'y'));
    CHECK(page(journal, "a").records.empty());
    CHECK(page(journal, "a").evicted_through == last + 1);
}

TEST_CASE("what is too old is read no more, and is removed by what is appended elsewhere") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    std::optional<sqlite_journal> journal{
        std::in_place, crier::sqlite_journal_options{.path = path}};
    std::optional<feeder> to{std::in_place, *journal};
    to->keep("old", {.events = 10, .age = 1h});
    to->keep("other", {.events = 10, .age = 1h});
    to->put("old", "1", {.at = ago(2h)});
    to->put("old", "2", {.at = ago(61min)});
    to->put("old", "3", {.at = ago(59min)});
    to->put("other", "4");
    CHECK(texts(page(*journal, "old")) == "3");
    CHECK(page(*journal, "old").evicted_through == 2);

    to->keep("old", {.events = 10, .age = 58min});
    to->put("old", "5", {.at = ago(57min)});
    to.reset();
    journal.reset();
    journal.emplace(crier::sqlite_journal_options{.path = path});
    to.emplace(*journal);
    CHECK(texts(page(*journal, "old")) == "5");
    to->put("other", "6"); // it goes round all topics
    CHECK(page(*journal, "old").evicted_through == 3);
}

TEST_CASE("old events that were not removed yet are passed over on reading, by pages") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", {.events = 100'000, .age = 1h});
    std::vector<crier::journal_entry> entries;
    for (int i = 0; i < 10'000; ++i) {
        entries.push_back({++to.next, "a", {}, {}, "x", ago(59min)});
    }
    REQUIRE(!journal.append(entries));
    to.put("a", "y");
    to.keep("a", {.events = 100'000, .age = 58min}); // removes some
    crier::journal_page found;
    int pages = 0;
    for (std::uint64_t after = 0; after < to.next; after = found.through) {
        REQUIRE(++pages < 10);
        found = page(journal, "a", after, 100);
        CHECK(found.through > after);
        CHECK(found.evicted_through >= std::min<std::uint64_t>(found.through, 10'000));
    }
    CHECK(texts(found) == "y");
    CHECK(found.evicted_through == 10'000);
}

TEST_CASE("a topic without history and retention keeps nothing, and says so") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    for (int run = 1; run <= 2; ++run) {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.keep("none", {.events = 0});
        const auto last = to.put("none", "x");
        CHECK(page(journal, "none").records.empty());
        CHECK(page(journal, "none").through == crier::test::to_the_end);
        CHECK(page(journal, "none").evicted_through == last);
        CHECK(to.numbering.newest == last - 1);
    }
    sqlite_journal journal{{.path = path}};
    feeder to{journal};
    CHECK(to.numbering.newest == 2);
    CHECK(page(journal, "none").evicted_through == 2);
    to.keep("none", {.events = 5}); // from now on
    to.put("none", "y");
    CHECK(texts(page(journal, "none")) == "y");
    CHECK(page(journal, "none").evicted_through == 2);
}

TEST_CASE("limits hold for topics that nobody has opened since a restart") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.keep("a", {.events = 3});
        to.put_many("a", 3);
    }
    sqlite_journal journal{{.path = path}};
    feeder to{journal};
    CHECK(texts(page(journal, "a")) == "1 2 3");
    to.put_many("a", 2);
    CHECK(texts(page(journal, "a")) == "3 4 5");
    CHECK(page(journal, "a").evicted_through == 2);
}

TEST_CASE("limits that are lowered apply step by step, and a restart does not stop them") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.keep("a", {.events = 10'000});
        to.put_many("a", 5'000);
        to.keep("a", {.events = 10});
        const auto found = page(journal, "a");
        CHECK(found.records.size() < 5'000);
        CHECK(found.records.size() > 10); // it did not wait for all of them
        CHECK(found.records.front().sequence == found.evicted_through + 1);
    }
    sqlite_journal journal{{.path = path}};
    feeder to{journal};
    to.keep("b", {.events = 1});
    for (int i = 0; i < 40; ++i) {
        to.put("b", "x");
    }
    CHECK(page(journal, "a").records.size() == 10);
    CHECK(page(journal, "a").evicted_through == 4'990);
}

TEST_CASE("the newest event stays where the topic retains it, whatever the limits") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.keep("a", {.events = 0}, retention::newest);
        to.put("a", "1", {.at = ago(24h)});
        to.put("a", "2", {.at = ago(23h)});
        to.keep("b", {.events = 0}, retention::none);
        to.put("b", "3");
        CHECK(texts(page(journal, "a")) == "2");
    }
    sqlite_journal journal{{.path = path}};
    feeder to{journal};
    CHECK(texts(retained_page(journal, "a")) == "2");
    CHECK(texts(page(journal, "a")) == "2");
    CHECK(page(journal, "a").evicted_through == 1);
    CHECK(retained_page(journal, "a", 2).records.empty());
    CHECK(!journal.forget("a", {}));
    CHECK(retained_page(journal, "a").records.empty());
    CHECK(page(journal, "a").evicted_through == 2);
}

TEST_CASE("what is forgotten is read no more, and said to be missing") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.keep("a", {.events = 10'000});
        to.keep("b", {.events = 10});
        to.put_many("a", 2'000);
        to.put("b", "x");
        CHECK(!journal.forget("a", {}));
        CHECK(!journal.forget("none", {}));
        CHECK(page(journal, "a").records.empty());
        CHECK(page(journal, "a").evicted_through == 2'000);
        CHECK(texts(page(journal, "b")) == "x");
    }
    sqlite_journal journal{{.path = path}};
    feeder to{journal};
    to.keep("a", {.events = 10'000});
    to.put("a", "y");
    CHECK(texts(page(journal, "a")) == "y");
    CHECK(page(journal, "a").evicted_through == 2'000);
}

TEST_CASE("topics of an earlier run that keep nothing go, and what they had is not forgotten") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.keep("a", {.events = 10, .age = 1h});
        to.put("a", "1", {.at = ago(2h)});
        to.put("a", "2", {.at = ago(2h)});
    }
    sqlite_journal journal{{.path = path}};
    feeder to{journal};
    to.keep("b", {.events = 10});
    to.put("b", "3");
    to.put("b", "4");
    CHECK(page(journal, "a").evicted_through == 2);
    to.keep("a", {.events = 10});
    to.put("a", "5");
    CHECK(texts(page(journal, "a")) == "5");
    CHECK(page(journal, "a").evicted_through == 2);
}

TEST_CASE("the file does not grow while a topic is at its limits, and is cut when much is free") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    const auto fill = [&](std::size_t limit, int rounds) {
        sqlite_journal journal{{.path = path, .safety = crier::journal_safety::written}};
        feeder to{journal};
        to.keep("a", {.events = limit, .bytes = 100'000'000});
        const std::string text(500, 'x');
        for (int i = 0; i < rounds; ++i) {
            std::vector<crier::journal_entry> entries;
            for (int k = 0; k < 500; ++k) {
                entries.push_back({++to.next, "a", {}, {}, text, std::chrono::system_clock::now()});
            }
            REQUIRE(!journal.append(entries));
        }
    };
    fill(2'000, 8);
    const auto before = std::filesystem::file_size(path);
    fill(2'000, 40);
    CHECK(std::filesystem::file_size(path) <= before + before / 4);
    fill(20'000, 50);
    const auto large = std::filesystem::file_size(path);
    CHECK(large > 11'000'000);
    fill(10, 60);
    CHECK(std::filesystem::file_size(path) <= large / 2);
}
