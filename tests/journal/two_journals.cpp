#include <crier/journal/sqlite_journal.hpp>
#include <crier/wire/errc.hpp>

#include "journal/journal_error.hpp"
#include "journal/journal_file.hpp"
#include "support/child.hpp"
#include "support/journaling.hpp"
#include "support/temporary.hpp"

#include <boost/system/system_error.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace crier::test;
using crier::sqlite_journal;

namespace {

std::string refusal_of(const std::string& path) {
    try {
        const sqlite_journal opened{{.path = path}};
        return "";
    } catch (const boost::system::system_error& error) {
        CHECK(error.code() == crier::errc::journal_unusable);
        return error.what();
    }
}

std::string in_use(const std::string& path) {
    return "cannot use " + path + " as a journal: another journal uses it";
}

} // namespace

TEST_CASE("one journal at a time uses a file, by whatever name, and the first one stays well") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    {
        sqlite_journal first{{.path = path}};
        feeder to{first};
        to.keep("a", {.events = 10});
        CHECK(refusal_of(path) == in_use(path));
        const std::string link = folder.file("link.db");
        std::filesystem::create_symlink(path, link);
        CHECK(refusal_of(link) == in_use(link));
        const std::string way = folder.file("./events.db");
        CHECK(refusal_of(way) == in_use(way));
        to.put("a", "x");
        CHECK(texts(page(first, "a")) == "x");
    }
    CHECK(refusal_of(path).empty());
}

TEST_CASE("a journal of another process keeps the file until that ends, however it does") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    child other{[&](child& self) {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.keep("a", {.events = 10});
        to.put("a", "x");
        self.tell("opened");
        self.next_line(); // for ever: it is to be killed
        std::this_thread::sleep_for(std::chrono::minutes{1});
    }};
    REQUIRE(other.next_line() == "opened");
    CHECK(refusal_of(path) == in_use(path));
    other.kill();
    sqlite_journal journal{{.path = path}};
    CHECK(texts(page(journal, "a")) == "x");
}

TEST_CASE("of many that open a file again and again one has it at a time") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    const auto number = [&](int times) {
        for (int done = 0; done < times;) {
            try {
                sqlite_journal journal{{.path = path}};
                feeder to{journal};
                to.put("a", "x");
                ++done;
            } catch (const boost::system::system_error&) {
                std::this_thread::yield();
            }
        }
    };
    constexpr int each = 10;
    {
        child one{[&](child&) { number(each); }};
        child two{[&](child&) { number(each); }};
        number(each);
        CHECK(one.join());
        CHECK(two.join());
    }
    sqlite_journal journal{{.path = path}};
    CHECK(journal.begin()->newest == 3 * each);
}

TEST_CASE("a lock is one holder's, though each removes its file in the end") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    std::atomic<int> holders = 0;
    std::atomic<int> most = 0;
    const auto lock_often = [&] {
        constexpr int times = 5'000;
        for (int i = 0; i < times; ++i) {
            try {
                const crier::detail::journal_lock lock{path};
                most = std::max<int>(most, ++holders);
                std::this_thread::yield();
                --holders;
            } catch (const crier::detail::journal_error&) {
                std::this_thread::yield();
            }
        }
    };
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back(lock_often);
        }
    }
    CHECK(most == 1);
}
