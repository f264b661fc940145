#include "statement.hpp"

namespace crier::detail {

bool cursor::next() {
    const int result = sqlite3_step(running_);
    of_.check(result);
    return result == SQLITE_ROW;
}

std::string_view cursor::bytes(int column) const noexcept {
    const auto* const from = static_cast<const char*>(sqlite3_column_blob(running_, column));
    return from == nullptr ? std::string_view{}
                           : std::string_view{from,
                                 static_cast<std::size_t>(sqlite3_column_bytes(running_, column))};
}

statement::statement(database& of, std::string_view sql) : of_{of} {
    sqlite3_stmt* prepared = nullptr;
    of.check(sqlite3_prepare_v3(of.get(), sql.data(), static_cast<int>(sql.size()),
        SQLITE_PREPARE_PERSISTENT, &prepared, nullptr));
    prepared_.reset(prepared);
}

void statement::bind(int place, std::int64_t number) {
    of_.check(sqlite3_bind_int64(prepared_.get(), place, number));
}

/// Without a place in memory it would be NULL.
void statement::bind(int place, std::string_view bytes) {
    const char* const from = bytes.data() == nullptr ? "" : bytes.data();
    of_.check(sqlite3_bind_blob64(prepared_.get(), place, from, bytes.size(), SQLITE_STATIC));
}

void statement::bind(int place, std::nullptr_t) {
    of_.check(sqlite3_bind_null(prepared_.get(), place));
}

} // namespace crier::detail
