#include <crier/journal/sqlite_journal.hpp>
#include <crier/wire/errc.hpp>

#include "support/child.hpp"
#include "support/journaling.hpp"
#include "support/temporary.hpp"

#include <boost/system/system_error.hpp>
#include <doctest/doctest.h>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

using namespace crier::test;
using crier::errc;
using crier::sqlite_journal;
using crier::sqlite_journal_options;

namespace {

/// What the constructor says, and the code of it.
struct refusal {
    std::string message;
    boost::system::error_code code;
};

refusal refusal_of(const std::string& path) {
    try {
        const sqlite_journal opened{{.path = path}};
        return {"", {}};
    } catch (const boost::system::system_error& error) {
        return {error.what(), error.code()};
    }
}

std::string words(const std::string& path, const std::string& reason) {
    return "cannot use " + path + " as a journal: " + reason;
}

void run_sql(const std::string& path, const char* sql) {
    sqlite3* opened = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &opened) == SQLITE_OK);
    CHECK(sqlite3_exec(opened, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(opened);
}

std::string content_of(const std::string& path) {
    std::ifstream from{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{from}, {}};
}

std::size_t files_in(const std::string& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{folder}, {}));
}

} // namespace

TEST_CASE("a file is made where there is none, and nothing else is left beside it") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.put("a", "x");
    }
    CHECK(files_in(folder.file("")) == 1);
    const sqlite_journal again{{.path = path}};
}

TEST_CASE("what it makes is for its owner only, as it may hold what is private") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    const mode_t before = ::umask(0);
    {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        for (const std::string& made : {path, path + "-wal", path + "-shm"}) {
            struct stat found{};
            REQUIRE(::stat(made.c_str(), &found) == 0);
            CHECK((found.st_mode & 0777U) == 0600U);
        }
    }
    ::umask(before);
    REQUIRE(::chmod(path.c_str(), 0640) == 0); // is as it is wanted
    const sqlite_journal journal{{.path = path}};
    struct stat found{};
    REQUIRE(::stat((path + "-wal").c_str(), &found) == 0);
    CHECK((found.st_mode & 0777U) == 0640U);
}

TEST_CASE("an empty file becomes a journal") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    std::ofstream{path};
    CHECK(refusal_of(path).message.empty());
}

TEST_CASE("a file that is no database is refused, and stays as it is") {
    const temporary_directory folder;
    const std::string path = folder.file("photo.jpg");
    const std::string content(5'000, 'x');
    std::ofstream{path} << content;
    const refusal refused = refusal_of(path);
    CHECK(refused.message == words(path, "file is not a database"));
    CHECK(refused.code == errc::journal_unusable);
    CHECK(content_of(path) == content);
    CHECK(files_in(folder.file("")) == 1);
}

TEST_CASE("the database of another application is refused, and stays as it is") {
    for (const char* sql : {"CREATE TABLE t (a)", "PRAGMA application_id = 5",
             "PRAGMA application_id = 5; CREATE TABLE t (a)"}) {
        const temporary_directory folder;
        const std::string path = folder.file("other.db");
        run_sql(path, sql);
        const std::string content = content_of(path);
        const refusal refused = refusal_of(path);
        CHECK(refused.message == words(path, "it is the database of another application"));
        CHECK(refused.code == errc::journal_unusable);
        CHECK(content_of(path) == content);
    }
}

TEST_CASE("a journal of a newer version is refused") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    CHECK(refusal_of(path).message.empty());
    run_sql(path, "PRAGMA user_version = 2");
    const refusal refused = refusal_of(path);
    CHECK(refused.message == words(path, "it is of a newer version of crier"));
    CHECK(refused.code == errc::journal_unusable);
}

TEST_CASE("a journal whose tables are damaged is refused") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    CHECK(refusal_of(path).message.empty());
    SUBCASE("no state") {
        run_sql(path, "DELETE FROM state");
        CHECK(refusal_of(path).message == words(path, "it is damaged: it has no state"));
    }
    SUBCASE("no table") {
        run_sql(path, "DROP TABLE events");
        CHECK(refusal_of(path).message == words(path, "no such table: events"));
    }
    SUBCASE("bytes overwritten") {
        std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(100);
        file << std::string(3'000, '\x77');
        file.close();
        CHECK(refusal_of(path).message == words(path, "database disk image is malformed"));
    }
    CHECK(refusal_of(path).code == errc::journal_unusable);
}

TEST_CASE("a folder is no journal, nor is what is no file, nor what is in no folder") {
    const temporary_directory folder;
    const std::string here = folder.file("");
    CHECK(refusal_of(here).message == words(here, "it is a folder"));
    CHECK(refusal_of(here).code == boost::system::errc::is_a_directory);

    const std::string missing = folder.file("no/events.db");
    CHECK(refusal_of(missing).message == words(missing, "its folder does not exist"));
    CHECK(refusal_of(missing).code == boost::system::errc::no_such_file_or_directory);

    const std::string pipe = folder.file("pipe");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(refusal_of(pipe).message == words(pipe, "it is no regular file"));

    const std::string file = folder.file("file");
    std::ofstream{file};
    const std::string below = file + "/events.db";
    CHECK(refusal_of(below).message == words(below, "its folder does not exist"));

    const std::string link = folder.file("link");
    std::filesystem::create_symlink(folder.file("nothing"), link);
    CHECK(refusal_of(link).message == words(link, "it is a link to nothing"));

    const std::string loop = folder.file("loop");
    std::filesystem::create_symlink(loop, loop);
    CHECK(refusal_of(loop).message == words(loop, "Too many levels of symbolic links"));
}

TEST_CASE("who may not read and write the file, or write beside it, is told") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    CHECK(refusal_of(path).message.empty());
    const auto denied = [&](const std::string& reason) {
        return run_child([&] {
            constexpr uid_t nobody = 65'534;
            if (::geteuid() == 0 && ::setuid(nobody) != 0) {
                die(); // root may all
            }
            const refusal refused = refusal_of(path);
            if (refused.message != words(path, reason) ||
                refused.code != boost::system::errc::permission_denied) {
                die();
            }
        });
    };
    REQUIRE(::chmod(folder.file("").c_str(), 0777) == 0);
    for (const mode_t mode : {0000U, 0444U}) {
        REQUIRE(::chmod(path.c_str(), mode) == 0);
        CHECK(denied("no right to read and write it"));
    }
    REQUIRE(::chmod(path.c_str(), 0666) == 0);
    REQUIRE(::chmod(folder.file("").c_str(), 0555) == 0);
    CHECK(denied("no right to write in its folder"));
    REQUIRE(::chmod(folder.file("").c_str(), 0700) == 0);
}

TEST_CASE("options that make no sense are refused") {
    const temporary_directory folder;
    CHECK_THROWS_AS(sqlite_journal{sqlite_journal_options{}}, std::invalid_argument);
    CHECK_THROWS_AS(sqlite_journal({.path = std::string("a\0b", 3)}), std::invalid_argument);
    CHECK_THROWS_AS(
        sqlite_journal({.path = folder.file("a"), .keys_limit = 0}), std::invalid_argument);
    CHECK(files_in(folder.file("")) == 0);
}

TEST_CASE("a path is never taken for anything but a file") {
    const temporary_directory folder;
    const std::string before = std::filesystem::current_path();
    std::filesystem::current_path(folder.file(""));
    for (const char* name : {":memory:", "file:x?mode=memory"}) {
        {
            const sqlite_journal journal{{.path = name}};
        }
        CHECK(std::filesystem::exists(name));
    }
    std::filesystem::current_path(before);
}

TEST_CASE("a file that was made in part only is made anew") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    run_sql(path, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
    CHECK(refusal_of(path).message.empty());
}
