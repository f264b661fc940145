#include <crier/journal/sqlite_journal.hpp>

#include "support/child.hpp"
#include "support/journaling.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace crier::test;
using crier::sqlite_journal;

TEST_CASE("numbers go on where they ended in order, and the epoch stays") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    std::uint64_t epoch = 0;
    for (std::uint64_t run = 0; run < 3; ++run) {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        epoch = run == 0 ? to.numbering.epoch : epoch;
        CHECK(to.numbering.epoch == epoch);
        CHECK(to.numbering.newest == 10 * run);
        to.put_many("a", 10);
        journal.end();
    }
    CHECK(epoch < std::uint64_t{1} << 40U);
}

TEST_CASE("each file has an epoch of its own") {
    const temporary_directory folder;
    sqlite_journal one{{.path = folder.file("one.db")}};
    sqlite_journal other{{.path = folder.file("other.db")}};
    CHECK(one.begin()->epoch != other.begin()->epoch);
}

TEST_CASE("a journal that was opened and never begun gives no number away") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    {
        const sqlite_journal unused{{.path = path}};
    }
    sqlite_journal journal{{.path = path}};
    CHECK(journal.begin()->newest == 0);
}

TEST_CASE("after a crash no number is given again that may have been given ahead") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    std::uint64_t newest = 0;
    for (const std::uint64_t further : {0U, 5U, 999'999U, 1'500'000U, 3'000'000U}) {
        run_child([&] {
            sqlite_journal journal{{.path = path}};
            feeder to{journal};
            if (further > 0) {
                to.next += further - 1;
                to.put("a", "x");
            }
            die();
        });
        sqlite_journal journal{{.path = path}};
        const auto next = journal.begin()->newest;
        CHECK(next >= newest + further + 1'000'000);
        CHECK(next <= newest + further + 2'000'000);
        newest = next;
    }
}

TEST_CASE("a number whose event was refused is not given again after an end in order") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.keep("a", {.events = 10});
        to.put("a", "x");
        const auto now = std::chrono::system_clock::now();
        crier::journal_entry bad[] = {{1, "a", {}, {}, "y", now}, {2, "a", {}, {}, "z", now}};
        CHECK(journal.append(bad));
    }
    sqlite_journal journal{{.path = path}};
    CHECK(journal.begin()->newest == 2);
}
