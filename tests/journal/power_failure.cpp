#include <crier/journal/sqlite_journal.hpp>

#include "support/journaling.hpp"
#include "support/temporary.hpp"
#include "support/test_disk.hpp"

#include <boost/system/errc.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace crier::test;
using crier::journal_safety;
using crier::sqlite_journal;

namespace {

constexpr crier::history_limits all{.events = 1'000'000, .bytes = 1'000'000'000};

/// Makes it seem that the machine was started since the file was open.
void restart_machine(const std::string& path) {
    sqlite3* opened = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &opened) == SQLITE_OK);
    CHECK(sqlite3_exec(opened, "UPDATE state SET boot = x'00'", nullptr, nullptr, nullptr) ==
          SQLITE_OK);
    sqlite3_close(opened);
}

bool sqlite_says_it_is_whole(const std::string& path) {
    sqlite3* opened = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &opened) == SQLITE_OK);
    bool is_whole = false;
    const auto note = [](void* to, int, char** columns, char**) {
        *static_cast<bool*>(to) = std::string_view{columns[0]} == "ok";
        return 0;
    };
    sqlite3_exec(opened, "PRAGMA integrity_check", note, &is_whole, nullptr);
    sqlite3_close(opened);
    return is_whole;
}

} // namespace

TEST_CASE("what was acknowledged as synced outlasts a power failure at any time") {
    const temporary_directory folder;
    test_disk disk;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", all);
    for (int i = 0; i < 100; ++i) {
        to.put_many("a", 100);
        to.keep("b", {.events = static_cast<std::size_t>(i)}); // is not synchronised by itself
        if (i % 9 != 0) {
            continue;
        }
        const temporary_directory after;
        disk.fail_power(after.file(""));
        restart_machine(after.file("events.db"));
        sqlite_journal left{{.path = after.file("events.db")}};
        const auto begun = left.begin();
        REQUIRE(begun.has_value());
        CHECK(begun->epoch == to.numbering.epoch);
        CHECK(begun->newest >= to.next + 1'000'000);
        const auto kept = page(left, "a");
        CHECK(kept.records.size() == to.next);
        CHECK(kept.evicted_through == 0);
    }
}

TEST_CASE("so it does in the midst of appends, whatever a disk has written of its own accord") {
    for (std::uint32_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        const temporary_directory folder;
        const temporary_directory after;
        test_disk disk;
        sqlite_journal journal{{.path = folder.file("events.db")}};
        feeder to{journal};
        to.keep("a", {.events = 1'000, .bytes = 1'000'000'000});
        std::vector<std::uint64_t> ends{to.next};
        // A few go on until the log has been moved to the file.
        const std::uint32_t calls = seed % 10 == 0 ? 10'000 : 500;
        disk.fail_power_after(static_cast<int>(random() % calls), after.file(""),
            [random]() mutable { return random() % 2 == 0; });
        while (!disk.has_failed) {
            to.put_many("a", 1 + random() % 50);
            ends.push_back(to.next);
        }
        // The last of them was not acknowledged when it happened.
        const std::uint64_t acknowledged = ends[ends.size() - 2];
        restart_machine(after.file("events.db"));
        sqlite_journal left{{.path = after.file("events.db")}};
        feeder then{left};
        CHECK(then.numbering.epoch == to.numbering.epoch);
        CHECK(then.numbering.newest >= to.next);
        const auto kept =
            page(left, "a", acknowledged - std::min<std::uint64_t>(acknowledged, 900));
        REQUIRE(!kept.records.empty() == (acknowledged > 0));
        const std::uint64_t newest = kept.records.empty() ? 0 : kept.records.back().sequence;
        CHECK((newest == acknowledged || newest == to.next));
        CHECK(kept.records.size() ==
              newest - acknowledged + std::min<std::uint64_t>(acknowledged, 900));
        CHECK(sqlite_says_it_is_whole(after.file("events.db")));
    }
}

TEST_CASE(
    "what was only written may be lost in a power failure, which is told, and no number twice") {
    const temporary_directory folder;
    test_disk disk;
    sqlite_journal journal{{.path = folder.file("events.db"), .safety = journal_safety::written}};
    feeder to{journal};
    to.keep("a", all);
    std::size_t lost = 0;
    for (int i = 0; i < 100; ++i) {
        to.put_many("a", 100);
        to.next += 50'000; // so that the promise is made again now and then
        if (i % 9 != 0) {
            continue;
        }
        const temporary_directory after;
        disk.fail_power(after.file(""));
        restart_machine(after.file("events.db"));
        sqlite_journal left{{.path = after.file("events.db"), .safety = journal_safety::written}};
        feeder then{left};
        CHECK(then.numbering.epoch == to.numbering.epoch);
        CHECK(then.numbering.newest >= to.next);
        const auto kept = page(left, "a");
        const std::uint64_t newest_kept = kept.records.empty() ? 0 : kept.records.back().sequence;
        lost += newest_kept < to.next - 50'000 ? 1 : 0;
        CHECK(kept.evicted_through == then.numbering.newest);
        CHECK(kept.through == crier::test::to_the_end);
        then.keep("a", all);
        const auto first = then.put("a", "x");
        CHECK(texts(page(left, "a", first - 1)) == "x");
        CHECK(page(left, "a", first - 1).evicted_through < first);
    }
    CHECK(lost > 0); // or the disk of this test shows nothing
}

TEST_CASE("what was only written is not said to be lost when but the process was killed") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    const temporary_directory after;
    {
        sqlite_journal journal{{.path = path, .safety = journal_safety::written}};
        feeder to{journal};
        to.keep("a", all);
        to.put("a", "x");
        for (const char* name : {"events.db", "events.db-wal"}) {
            std::filesystem::copy_file(folder.file(name), after.file(name));
        }
    }
    sqlite_journal left{{.path = after.file("events.db")}};
    feeder then{left};
    CHECK(then.numbering.newest > 1'000'000);
    CHECK(texts(page(left, "a")) == "x");
    CHECK(page(left, "a").evicted_through == 0);
}

TEST_CASE("events that the disk did not confirm are refused, and do not appear after a crash") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    test_disk disk;
    sqlite_journal journal{{.path = path}};
    feeder to{journal};
    to.keep("a", all);
    to.put("a", "good");
    disk.fails_to_synchronize = true;
    CHECK(to.try_put("a", "bad", {}) == boost::system::errc::io_error);
    disk.fails_to_synchronize = false;
    CHECK(texts(page(journal, "a")) == "good");
    SUBCASE("at once") {}
    SUBCASE("after more") { to.put("a", "more"); }
    const std::string expected = texts(page(journal, "a"));
    const temporary_directory after;
    for (const char* name : {"events.db", "events.db-wal"}) {
        std::filesystem::copy_file(folder.file(name), after.file(name));
    }
    sqlite_journal left{{.path = after.file("events.db")}};
    CHECK(texts(page(left, "a")) == expected);
}

TEST_CASE("one append is one synchronisation, and none where it is only to be written") {
    const temporary_directory folder;
    test_disk disk;
    const auto synchronized = [&](journal_safety safety) {
        sqlite_journal journal{{.path = folder.file("events.db"), .safety = safety}};
        feeder to{journal};
        to.keep("a", all);
        to.put("a", "x");
        const int before = disk.synchronized;
        to.put_many("a", 1'000);
        return disk.synchronized - before;
    };
    CHECK(synchronized(journal_safety::synced) == 1);
    CHECK(synchronized(journal_safety::written) == 0);
}
