#include <crier/journal/sqlite_journal.hpp>

#include "support/child.hpp"
#include "support/journaling.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace crier::test;
using crier::journal_safety;
using crier::sqlite_journal;

TEST_CASE(
    "what was acknowledged is there after a kill in the midst of appends, all or none of each") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    std::uint64_t newest = 0;
    std::uint64_t acknowledged = 0;
    for (int round = 0; round < 10; ++round) {
        constexpr std::size_t in_one = 7;
        child writer{[&](child& self) {
            const auto safety = round % 2 == 0 ? journal_safety::synced : journal_safety::written;
            sqlite_journal journal{{.path = path, .safety = safety}};
            feeder to{journal};
            to.keep("a", {.events = 1'000'000, .bytes = 100'000'000});
            while (true) {
                self.tell(std::to_string(to.put_many("a", in_one) + in_one - 1));
            }
        }};
        for (int lines = 0; lines < 5 + 3 * round; ++lines) {
            acknowledged = std::stoull(writer.next_line());
        }
        writer.kill();
        for (std::string line = writer.next_line(); !line.empty(); line = writer.next_line()) {
            acknowledged = std::stoull(line);
        }
        sqlite_journal journal{{.path = path}};
        const auto begun = journal.begin();
        REQUIRE(begun.has_value());
        CHECK(begun->newest >= acknowledged);
        CHECK(begun->newest > newest);
        const auto kept = page(journal, "a", newest);
        REQUIRE(kept.records.size() % in_one == 0);
        REQUIRE(kept.records.size() >= acknowledged - newest);
        for (std::size_t i = 0; i < kept.records.size(); ++i) {
            REQUIRE(kept.records[i].sequence == newest + 1 + i);
        }
        CHECK(kept.evicted_through == 0);
        CHECK(kept.through == crier::test::to_the_end);
        newest = begun->newest;
    }
}
