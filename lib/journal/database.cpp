#include "database.hpp"

#include <crier/wire/errc.hpp>

#include "journal_error.hpp"
#include "statement.hpp"

#include <boost/system/errc.hpp>

#include <cerrno>
#include <chrono>
#include <thread>

namespace crier::detail {
namespace {

boost::system::error_code code_of_system(int error) noexcept {
    namespace sys = boost::system;
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return sys::errc::make_error_code(sys::errc::no_space_on_device);
    case 0: return sys::errc::make_error_code(sys::errc::io_error);
    default: return {error, sys::system_category()};
    }
}

boost::system::error_code code_of(int result, int system_error) noexcept {
    namespace sys = boost::system::errc;
    constexpr int primary = 0xFF;
    if (result == SQLITE_IOERR_NOMEM) {
        return sys::make_error_code(sys::not_enough_memory);
    }
    switch (result & primary) {
    case SQLITE_FULL: return sys::make_error_code(sys::no_space_on_device);
    case SQLITE_NOMEM: return sys::make_error_code(sys::not_enough_memory);
    case SQLITE_TOOBIG: return sys::make_error_code(sys::file_too_large);
    case SQLITE_CONSTRAINT:
    case SQLITE_MISUSE:
    case SQLITE_RANGE: return sys::make_error_code(sys::invalid_argument);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return errc::journal_unavailable;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return code_of_system(system_error);
    default: return errc::journal_unusable;
    }
}

/// Whether to try again to get a lock that another program has.
int waits_on(void* is_ending, int tries) noexcept {
    constexpr int most = 40;
    constexpr std::chrono::milliseconds pause{5};
    if (tries >= most || static_cast<const std::atomic<bool>*>(is_ending)->load()) {
        return 0;
    }
    std::this_thread::sleep_for(pause);
    return 1;
}

/// Why the file system refused something. SQLite tells that of a write to the log only by the log.
int system_error_of(sqlite3* connection, int result) noexcept {
    sqlite3_file* log = nullptr;
    int error = 0;
    if (result == SQLITE_IOERR_WRITE &&
        sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER,
            static_cast<void*>(&log)) == SQLITE_OK &&
        log != nullptr && log->pMethods != nullptr) {
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
    }
    return error != 0 ? error : sqlite3_system_errno(connection);
}

database::connection open(const std::string& path) {
    sqlite3* found = nullptr;
    const int result = sqlite3_open_v2(path.c_str(), &found,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        nullptr);
    database::connection opened{found, sqlite3_close}; // it has the error where it failed
    if (result != SQLITE_OK) {
        throw journal_error{code_of(result, sqlite3_system_errno(found)), sqlite3_errmsg(found)};
    }
    return opened;
}

} // namespace

database::database(const std::string& path, const std::atomic<bool>& is_ending)
    : connection_{open(path)} {
    // NOLINTNEXTLINE(*-const-cast): it is read only
    sqlite3_busy_handler(get(), waits_on, const_cast<std::atomic<bool>*>(&is_ending));
    execute("PRAGMA trusted_schema = OFF");
}

// NOLINTNEXTLINE(*-make-member-function-const): it changes what this stands for
void database::execute(const char* sql) {
    check(sqlite3_exec(get(), sql, nullptr, nullptr, nullptr));
}

std::int64_t database::number(const char* sql) {
    statement asked{*this, sql};
    cursor found = asked();
    return found.next() ? found.number(0) : 0;
}

void database::synchronize(bool does) {
    if (does != is_synchronous_) {
        execute(does ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        is_synchronous_ = does;
    }
}

// NOLINTNEXTLINE(*-make-member-function-const): as above
void database::free_log() noexcept {
    sqlite3_wal_checkpoint_v2(get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

void database::check(int result) const {
    if (result != SQLITE_OK && result != SQLITE_ROW && result != SQLITE_DONE) {
        throw journal_error{code_of(result, system_error_of(get(), result)), sqlite3_errmsg(get())};
    }
}

transaction::transaction(database& of, kind does) : of_{of} {
    of_.execute(does == kind::writing ? "BEGIN IMMEDIATE" : "BEGIN");
}

transaction::~transaction() { roll_back(); }

void transaction::commit() { of_.execute("COMMIT"); }

/// Some errors have done so already.
void transaction::roll_back() noexcept {
    if (sqlite3_get_autocommit(of_.get()) == 0) {
        sqlite3_exec(of_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

} // namespace crier::detail
