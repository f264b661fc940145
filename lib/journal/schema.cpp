#include "schema.hpp"

#include <crier/wire/errc.hpp>

#include "journal_error.hpp"
#include "statement.hpp"

#include <cstdint>
#include <string_view>

namespace crier::detail {
namespace {

constexpr std::int64_t application = 0x63726A6C; // "crjl"
constexpr std::int64_t version = 1;

/// `events` has a topic's history, which are the events after `removed_through`, and of those up to
/// there what `retained` names. `removed_through` may be behind `evicted_through`: what lies
/// between is gone for readers, and is still to be removed. Of what is retained only that counts
/// which comes after `retained_from`. `unkept` has up to which number names that are no topics had
/// events, by their hashes.
constexpr const char* tables = R"(
    CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        epoch INTEGER NOT NULL,
        promised INTEGER NOT NULL DEFAULT 0,
        newest INTEGER NOT NULL DEFAULT 0,
        lost_through INTEGER NOT NULL DEFAULT 0,
        run INTEGER NOT NULL DEFAULT 0,
        is_open INTEGER NOT NULL DEFAULT 0,
        is_synced INTEGER NOT NULL DEFAULT 1,
        boot BLOB NOT NULL DEFAULT x'',
        touches INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE topics (
        number INTEGER PRIMARY KEY,
        name BLOB NOT NULL UNIQUE,
        run INTEGER NOT NULL,
        events_limit INTEGER NOT NULL,
        bytes_limit INTEGER NOT NULL,
        age_limit INTEGER NOT NULL,
        retain INTEGER NOT NULL,
        events INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        keys INTEGER NOT NULL,
        removed_through INTEGER NOT NULL,
        evicted_through INTEGER NOT NULL,
        retained_from INTEGER NOT NULL,
        retained_evicted INTEGER NOT NULL
    );
    CREATE TABLE events (
        sequence INTEGER PRIMARY KEY,
        topic INTEGER NOT NULL,
        at INTEGER NOT NULL,
        key BLOB NOT NULL,
        own_id BLOB,
        text BLOB NOT NULL
    );
    CREATE INDEX events_of_topic ON events (topic);
    CREATE INDEX events_by_own_id ON events (topic, own_id) WHERE own_id IS NOT NULL;
    CREATE TABLE retained (
        topic INTEGER NOT NULL,
        key BLOB NOT NULL,
        sequence INTEGER NOT NULL,
        PRIMARY KEY (topic, key)
    ) WITHOUT ROWID;
    CREATE INDEX retained_in_order ON retained (topic, sequence);
    CREATE TABLE unkept (slot INTEGER PRIMARY KEY, through INTEGER NOT NULL);
    INSERT INTO state (id, epoch) VALUES (1, random() & 0xFFFFFFFFFF);
    PRAGMA application_id = 0x63726A6C;
    PRAGMA user_version = 1;
)";

[[noreturn]] void refuse(const char* words) { throw journal_error{errc::journal_unusable, words}; }

/// Whether it is still to be made a journal's.
bool is_new(database& in) {
    const std::int64_t found = in.number("PRAGMA application_id");
    if (found == 0 && in.number("SELECT count(*) FROM sqlite_schema") == 0) {
        return true;
    }
    if (found != application) {
        refuse("it is the database of another application");
    }
    if (in.number("PRAGMA user_version") > version) {
        refuse("it is of a newer version of crier");
    }
    return false;
}

void use_write_ahead_log(database& in) {
    statement asked{in, "PRAGMA journal_mode = WAL"};
    cursor mode = asked();
    if (!mode.next() || mode.bytes(0) != "wal") {
        refuse("its file system has no shared memory");
    }
}

} // namespace

void open_schema(database& in) {
    const bool makes = is_new(in);
    if (makes) {
        in.execute("PRAGMA auto_vacuum = INCREMENTAL");
    }
    use_write_ahead_log(in);
    if (makes) {
        transaction all{in, transaction::kind::writing};
        in.execute(tables);
        all.commit();
    }
    if (in.number("SELECT count(*) FROM state") != 1) {
        refuse("it is damaged: it has no state");
    }
}

} // namespace crier::detail
