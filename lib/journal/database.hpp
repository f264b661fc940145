#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace crier::detail {

/// A connection to a database, for one thread at a time. All errors are thrown as
/// `journal_error`, in the words of SQLite.
class database {
public:
    using connection = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;

    /// Opens the file, or makes it. Who has to wait for another program does so for 200 ms at most,
    /// and no longer once it is ending.
    database(const std::string& path, const std::atomic<bool>& is_ending);

    sqlite3* get() const noexcept { return connection_.get(); }

    void execute(const char* sql);
    std::int64_t number(const char* sql);

    /// Whether a transaction is on the disk once it is committed, with all that were before it.
    void synchronize(bool does);

    /// Moves what the log holds to where it belongs, so far as that can be done, so that the log's
    /// room is used again: otherwise it would wait until it has grown.
    void free_log() noexcept;

    /// Throws what went wrong, unless the result is one of success.
    void check(int result) const;

private:
    connection connection_;
    bool is_synchronous_ = true;
};

/// A transaction that writes, or one that reads all from one state of the database. What is not
/// committed is undone.
class transaction {
public:
    enum class kind : std::uint8_t { reading, writing };

    transaction(database& of, kind does);
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    ~transaction();

    void commit();
    void roll_back() noexcept;

private:
    database& of_;
};

} // namespace crier::detail
