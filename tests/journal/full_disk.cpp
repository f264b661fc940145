#include <crier/journal/sqlite_journal.hpp>

#include "support/child.hpp"
#include "support/journaling.hpp"
#include "support/temporary.hpp"
#include "support/test_disk.hpp"

#include <boost/system/errc.hpp>
#include <doctest/doctest.h>

#include <sys/resource.h>

#include <csignal>
#include <string>

using namespace crier::test;
using crier::sqlite_journal;

namespace sys = boost::system;

TEST_CASE("a full disk refuses events, none of which appear later, and what comes then is kept") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    std::string expected;
    std::uint64_t newest = 0;
    {
        test_disk disk;
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.keep("a", {.events = 1'000, .bytes = 100'000'000});
        for (int round = 0; round < 3; ++round) {
            to.put("a", "good");
            expected += expected.empty() ? "good" : " good";
            disk.is_full = true;
            int refused = 0;
            for (int i = 0; i < 5; ++i) {
                const auto error = to.try_put("a", std::string(100'000, 'x'), {});
                CHECK(error == sys::errc::no_space_on_device);
                refused += error ? 1 : 0;
            }
            CHECK(refused == 5);
            CHECK(texts(page(journal, "a")) == expected);
            disk.is_full = false;
        }
        to.put("a", "last");
        expected += " last";
        newest = to.next;
        CHECK(texts(page(journal, "a")) == expected);
    }
    sqlite_journal journal{{.path = path}};
    CHECK(journal.begin()->newest == newest);
    CHECK(texts(page(journal, "a")) == expected);
}

TEST_CASE("a file that may not grow further is a full disk too") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    CHECK(run_child([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.keep("a", {.events = 1'000, .bytes = 100'000'000});
        to.put("a", "good");
        rlimit limit{};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = 1'000'000;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const std::string large(2'000'000, 'x');
        if (to.try_put("a", large, {}) != sys::errc::no_space_on_device) {
            die();
        }
        if (texts(page(journal, "a")) != "good") {
            die();
        }
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        to.put("a", "more");
    }));
    sqlite_journal journal{{.path = path}};
    CHECK(texts(page(journal, "a")) == "good more");
}

TEST_CASE("a topic at its limits goes on while the disk is full: it uses its room again") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    const std::string text(10'000, 'x');
    test_disk disk;
    for (const bool is_full : {false, true}) {
        sqlite_journal journal{{.path = path}};
        feeder to{journal};
        to.keep("a", {.events = 10});
        int kept = 0;
        for (int i = 0; i < 100; ++i) {
            disk.is_full = is_full && i >= 20;
            kept += to.try_put("a", text, {}) ? 0 : 1;
        }
        disk.is_full = false;
        CHECK(kept > 90);
        CHECK(page(journal, "a").records.size() == 10);
    }
}
