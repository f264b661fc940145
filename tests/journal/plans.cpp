#include "journal/schema.hpp"
#include "journal/sqlite_reader.hpp"
#include "journal/sqlite_writer.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <sqlite3.h>

#include <atomic>
#include <string>
#include <vector>

using namespace crier::test;
using namespace crier::detail;

namespace {

/// How SQLite does each statement that is prepared.
std::vector<std::string> plans(database& of) {
    std::vector<std::string> all;
    for (sqlite3_stmt* each = sqlite3_next_stmt(of.get(), nullptr); each != nullptr;
        each = sqlite3_next_stmt(of.get(), each)) {
        const std::string sql = sqlite3_sql(each);
        if (sql.starts_with("PRAGMA") || sql.starts_with("EXPLAIN")) {
            continue;
        }
        std::string plan = sql + ":";
        statement explain{of, "EXPLAIN QUERY PLAN " + sql};
        for (cursor steps = explain(); steps.next();) {
            plan += " " + std::string{steps.bytes(3)} + ";";
        }
        all.push_back(plan);
    }
    return all;
}

} // namespace

TEST_CASE("no statement looks at more rows than it needs") {
    const temporary_directory folder;
    const std::string path = folder.file("events.db");
    const std::atomic<bool> is_ending = false;
    database in{path, is_ending};
    open_schema(in);
    sqlite_writer writer{in, path, {.path = path}};
    sqlite_reader reader{in};
    std::size_t count = 0;
    for (const std::string& plan : plans(in)) {
        CAPTURE(plan);
        ++count;
        CHECK(plan.find(" SCAN ") == std::string::npos);
        CHECK(plan.find("TEMP B-TREE") == std::string::npos);
    }
    CHECK(count > 20);
}
