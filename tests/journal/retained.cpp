#include <crier/journal/sqlite_journal.hpp>

#include "support/journaling.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <sqlite3.h>

#include <string>

using namespace crier::test;
using namespace std::chrono_literals;
using crier::retention;
using crier::sqlite_journal;

namespace {

constexpr auto per_key = retention::newest_per_key;

int events_in(const std::string& path) {
    sqlite3* opened = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &opened) == SQLITE_OK);
    int count = 0;
    CHECK(sqlite3_exec(
              opened, "SELECT count(*) FROM events",
              [](void* to, int, char** values, char**) {
                  *static_cast<int*>(to) = std::stoi(values[0]);
                  return 0;
              },
              &count, nullptr) == SQLITE_OK);
    sqlite3_close(opened);
    return count;
}

} // namespace

TEST_CASE("the newest event of each key is kept beside the history, over a restart") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.keep("a", {.events = 2}, per_key);
        to.put("a", "x1", {.key = "x"});
        to.put("a", "y2", {.key = "y"});
        to.put("a", "x3", {.key = "x"});
        to.put("a", "z4", {.key = "z"});
        to.put("a", "z5", {.key = "z"});
    }
    sqlite_journal journal{{.path = path}};
    feeder to{journal};
    CHECK(texts(page(journal, "a")) == "z4 z5");
    CHECK(page(journal, "a").evicted_through == 3);
    const auto retained = retained_page(journal, "a");
    CHECK(texts(retained) == "y2 x3 z5");
    CHECK(retained.evicted_through == 0);
    CHECK(retained.through == crier::test::to_the_end);
    CHECK(texts(retained_page(journal, "a", 2)) == "x3 z5");
    CHECK(texts(retained_page(journal, "a", 0, 2)) == "y2 x3");
    CHECK(retained_page(journal, "a", 0, 2).through == 3);
    CHECK(texts(retained_page(journal, "a", 0, 9, 3)) == "y2 x3");
    to.put("a", "y6", {.key = "y"});
    CHECK(texts(retained_page(journal, "a")) == "x3 z5 y6");
    CHECK(texts(page(journal, "a")) == "z5 y6");
}

TEST_CASE("without a history only the newest event of each key is kept, however old") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", {.events = 0, .age = 1min}, per_key);
    const auto then = std::chrono::system_clock::now() - 24h;
    to.put("a", "x1", {.key = "x", .at = then});
    to.put("a", "y2", {.key = "y", .at = then});
    to.put("a", "x3", {.key = "x", .at = then});
    CHECK(page(journal, "a").records.empty());
    CHECK(page(journal, "a").evicted_through == 3);
    CHECK(texts(retained_page(journal, "a")) == "y2 x3");
    CHECK(retained_page(journal, "a").evicted_through == 0);
}

TEST_CASE("a topic that retains nothing has nothing to read for a new subscriber") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", {.events = 5});
    to.put("a", "x", {.key = "x"});
    CHECK(retained_page(journal, "a").records.empty());
}

TEST_CASE("the event of a key is forgotten, and said to be missing") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", {.events = 0}, per_key);
    to.keep("b", {.events = 5}, per_key);
    to.keep("c", {.events = 5}, retention::newest);
    for (const char* topic : {"a", "b", "c"}) {
        to.put(topic, "x", {.key = "x"});
        to.put(topic, "y", {.key = "y"});
    }
    for (const char* topic : {"a", "b", "c"}) {
        CHECK(!journal.forget(topic, "x"));
        CHECK(!journal.forget(topic, "none"));
    }
    CHECK(texts(retained_page(journal, "a")) == "y");
    CHECK(retained_page(journal, "a").evicted_through == 1);
    CHECK(texts(retained_page(journal, "b")) == "y");
    CHECK(texts(page(journal, "b")) == "x y"); // the history has it
    CHECK(texts(retained_page(journal, "c")) == "y");
    CHECK(texts(page(journal, "c")) == "x y");
    to.put("a", "x7", {.key = "x"});
    CHECK(texts(retained_page(journal, "a")) == "y x7");
    CHECK(!journal.forget("a", {}));
    CHECK(retained_page(journal, "a").records.empty());
    CHECK(retained_page(journal, "a").evicted_through == 7);
    to.put("a", "z", {.key = "z"});
    CHECK(texts(retained_page(journal, "a")) == "z");
}

TEST_CASE("of too many keys the one goes that was published least recently") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db"), .keys_limit = 2}};
    feeder to{journal};
    to.keep("a", {.events = 0}, per_key);
    to.put("a", "x1", {.key = "x"});
    to.put("a", "y2", {.key = "y"});
    to.put("a", "x3", {.key = "x"});
    to.put("a", "z4", {.key = "z"});
    CHECK(texts(retained_page(journal, "a")) == "x3 z4");
    CHECK(retained_page(journal, "a").evicted_through == 2);
}

TEST_CASE("keys of a time when the topic did not retain them are not taken for the newest") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", {.events = 1}, per_key);
    to.put("a", "x1", {.key = "x"});
    to.put("a", "y2", {.key = "y"});
    to.keep("a", {.events = 1}, retention::none);
    CHECK(retained_page(journal, "a").records.empty());
    to.put("a", "x3", {.key = "x"});
    to.keep("a", {.events = 1}, per_key);
    CHECK(retained_page(journal, "a").records.empty());
    CHECK(retained_page(journal, "a").evicted_through == 3);
    to.put("a", "y4", {.key = "y"});
    CHECK(texts(retained_page(journal, "a")) == "y4");
}

TEST_CASE("many keys of one append are superseded in it") {
    const temporary_directory folder;
    sqlite_journal journal{{.path = folder.file("events.db")}};
    feeder to{journal};
    to.keep("a", {.events = 0}, per_key);
    std::vector<std::string> keys;
    std::vector<crier::journal_entry> entries;
    for (int i = 0; i < 100; ++i) {
        keys.push_back(std::to_string(i));
    }
    for (int round = 0; round < 5; ++round) {
        for (const std::string& key : keys) {
            entries.push_back({++to.next, "a", key, {}, key, std::chrono::system_clock::now()});
        }
    }
    REQUIRE(!journal.append(entries));
    const auto retained = retained_page(journal, "a");
    CHECK(retained.records.size() == 100);
    CHECK(retained.records.front().sequence == 401);
    CHECK(page(journal, "a").records.empty());
    CHECK(page(journal, "a").evicted_through == 500);
}

TEST_CASE("nothing stays in the file that is neither in a history nor the newest of its key") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    sqlite_journal journal{{.path = path, .keys_limit = 5}};
    feeder to{journal};
    to.keep("a", {.events = 2}, per_key);
    for (int i = 0; i < 100; ++i) {
        to.put("a", "x", {.key = std::to_string(i % 7)});
    }
    CHECK(events_in(path) == 5);
    CHECK(!journal.forget("a", "4"));
    CHECK(!journal.forget("a", "0")); // which the history has
    CHECK(events_in(path) == 4);
    CHECK(retained_page(journal, "a").records.size() == 3);
    to.keep("a", {.events = 2}, retention::none);
    CHECK(events_in(path) == 2);
    to.keep("a", {.events = 0}, retention::none);
    CHECK(events_in(path) == 0);

    to.keep("b", {.events = 0}, per_key);
    for (int i = 0; i < 100; ++i) {
        to.put("b", "x", {.key = std::to_string(i % 3)});
    }
    CHECK(events_in(path) == 3);
}
