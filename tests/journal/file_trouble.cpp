#include <crier/journal/sqlite_journal.hpp>
#include <crier/wire/errc.hpp>

#include "support/journaling.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

using namespace crier::test;
using crier::errc;
using crier::sqlite_journal;

namespace {

/// Another program that locks a database.
class locking_program {
public:
    explicit locking_program(const std::string& path) {
        REQUIRE(sqlite3_open(path.c_str(), &opened_) == SQLITE_OK);
        REQUIRE(sqlite3_exec(opened_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    }
    locking_program(const locking_program&) = delete;
    locking_program& operator=(const locking_program&) = delete;
    ~locking_program() {
        sqlite3_exec(opened_, "ROLLBACK", nullptr, nullptr, nullptr);
        sqlite3_close(opened_);
    }

private:
    sqlite3* opened_ = nullptr;
};

} // namespace

TEST_CASE("a file that is removed, replaced or moved is noticed, and used again when it is back") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    const std::string away = folder.file("away.db");
    sqlite_journal journal{{.path = path}};
    feeder to{journal};
    to.keep("a", {.events = 10});
    to.put("a", "x");
    for (const std::string& moved : {path, path + "-wal"}) {
        std::filesystem::rename(moved, away);
        CHECK(to.try_put("a", "bad", {}) == errc::journal_unusable);
        CHECK(journal.keep("b", {.events = 1}, crier::retention::none) == errc::journal_unusable);
        CHECK(journal.forget("a", {}) == errc::journal_unusable);
        std::ofstream{moved} << "something else";
        CHECK(to.try_put("a", "bad", {}) == errc::journal_unusable);
        std::filesystem::rename(away, moved);
        to.put("a", "y");
    }
    CHECK(texts(page(journal, "a")) == "x y y");
    std::filesystem::remove(path);
    CHECK(to.try_put("a", "bad", {}) == errc::journal_unusable);
}

TEST_CASE("while another program locks the file it is not available, and then it is again") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    sqlite_journal journal{{.path = path}};
    feeder to{journal};
    to.keep("a", {.events = 10});
    to.put("a", "x");
    {
        const locking_program other{path};
        crier::journal_entry added{++to.next, "a", {}, {}, "y", {}};
        CHECK(journal.append({&added, 1}) == errc::journal_unavailable);
        CHECK(
            journal.keep("b", {.events = 1}, crier::retention::none) == errc::journal_unavailable);
        CHECK(journal.forget("a", {}) == errc::journal_unavailable);
        CHECK(texts(page(journal, "a")) == "x"); // reading waits for nobody
    }
    --to.next;
    to.put("a", "y");
    CHECK(texts(page(journal, "a")) == "x y");
}

TEST_CASE("nothing waits for another program once it is ending") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    sqlite_journal journal{{.path = path}};
    feeder to{journal};
    const locking_program other{path};
    journal.end();
    auto shortest = std::chrono::steady_clock::duration::max(); // this machine may be slow at times
    for (int i = 0; i < 5; ++i) {
        const auto began = std::chrono::steady_clock::now();
        CHECK(to.try_put("a", "x", {}) == errc::journal_unavailable);
        shortest = std::min(shortest, std::chrono::steady_clock::now() - began);
    }
    CHECK(shortest < std::chrono::milliseconds{100});
}

TEST_CASE("a file that is damaged while it is used gives an error, and no crash") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.keep("a", {.events = 100'000});
        to.put_many("a", 10'000);
    }
    const auto size = std::filesystem::file_size(path);
    {
        std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
        for (std::size_t page = 20; page * 4'096 < size; ++page) {
            file.seekp(static_cast<std::streamoff>(page * 4'096));
            file << std::string(4'096, '\x33');
        }
    }
    sqlite_journal journal{{.path = path}};
    static_cast<void>(journal.begin());
    const auto read = journal.read("a", 0, no_limit, no_limit);
    REQUIRE(read.has_error());
    CHECK(read.error() == errc::journal_unusable);
}
