#pragma once

#include "database.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

namespace crier::detail {

/// What a statement gives, row by row. At its end the statement is ready again.
class cursor {
public:
    cursor(database& of, sqlite3_stmt* running) noexcept : of_{of}, running_{running} {}
    cursor(const cursor&) = delete;
    cursor& operator=(const cursor&) = delete;
    ~cursor() { sqlite3_reset(running_); }

    /// Goes to the next row. False: there is none.
    bool next();

    std::int64_t number(int column) const noexcept {
        return sqlite3_column_int64(running_, column);
    }
    std::uint64_t sequence(int column) const noexcept {
        return static_cast<std::uint64_t>(number(column));
    }
    /// Valid until the next row.
    std::string_view bytes(int column) const noexcept;

private:
    database& of_;
    sqlite3_stmt* running_;
};

/// The greatest number of a database is less: it stands for all beyond it.
inline std::int64_t to_database(std::uint64_t number) noexcept {
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(number, std::numeric_limits<std::int64_t>::max()));
}

/// A statement that is kept prepared. One cursor of it at a time.
class statement {
public:
    statement(database& of, std::string_view sql);

    /// Begins with these values of its parameters. Views must stay valid until the cursor's end.
    template <class... Values>
    cursor operator()(const Values&... values) {
        int place = 0; // NOLINT(misc-const-correctness): of a statement without parameters only
        (bind(++place, values), ...);
        return {of_, prepared_.get()};
    }

    /// Does all of it, where it gives nothing.
    template <class... Values>
    void run(const Values&... values) {
        (*this)(values...).next();
    }

private:
    void bind(int place, std::int64_t number);
    void bind(int place, std::uint64_t number) { bind(place, to_database(number)); }
    void bind(int place, std::string_view bytes);
    void bind(int place, std::nullptr_t);

    database& of_;
    std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> prepared_{nullptr, sqlite3_finalize};
};

} // namespace crier::detail
