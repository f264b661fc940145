#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/journal.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace crier {

/// When a journal says that it has kept events.
enum class journal_safety : std::uint8_t {
    /// When the disk has them. They outlast a power failure.
    synced,
    /// When the system has them. They outlast the end of the program, however it comes. A power
    /// failure may take the last of them: who was to get those is told of a gap.
    written,
};

struct sqlite_journal_options {
    /// The file, which is made where there is none, for its owner only. A relative path is looked
    /// up once.
    std::string path{};
    journal_safety safety = journal_safety::synced;
    /// How many keys a topic may have that retains the newest event of each; at least 1. With one
    /// more, the one goes that was published least recently.
    std::size_t keys_limit = 10'000;
};

/// A journal in one file, by SQLite.
///
///     crier::sqlite_journal journal{{.path = "/var/lib/example/events.db"}};
///
/// Beside the file stand, while it is in use, PATH-lock, PATH-wal and PATH-shm, which belong to it:
/// to move or copy it, end its manager first. Its file system must be local. An older copy that is
/// put in its place gives numbers again that clients know already.
///
/// Each append is one transaction, so all that waits costs one synchronisation of the disk.
/// PATH-wal takes about 16 MB.
///
/// What a topic may keep no more is removed by later appends, a little by each. By its age it is
/// read no more at once, and by the other limits as soon as the topic has got a few events more. An
/// event that a topic retains stays whatever its age. The file grows to what is kept at most, uses
/// its room again, and is cut when more than half of it is free. The limits of a topic that is
/// opened no more stay in force. What was removed or forgotten may be found in the file until
/// its room is used again.
///
/// Numbers: 1,000,000 are set aside ahead of what is appended, so that none is given twice after a
/// crash, which leaves a hole in the numbers instead. A manager may number so far ahead. After an
/// end in order they go on behind the newest one that `append` was called with.
///
/// Errors: `errc::journal_unavailable` while another program locks the file, for more than about
/// 200 ms; `boost::system::errc::no_space_on_device` while the disk is full;
/// `errc::journal_unusable` if the file is damaged, or was removed or replaced; those of the
/// system. After each of them the same journal may be used on.
///
/// Thread safety: as a `journal`. Lifetime: what ends it in order is its destruction, which needs
/// all calls to have returned. Only one journal at a time has a file, in all processes; one that a
/// process inherits by `fork` has it too.
/// Source: https://sqlite.org/wal.html
class CRIER_EXPORT sqlite_journal final : public journal {
public:
    /// Opens the file, or makes it.
    ///
    /// Errors: throws `std::invalid_argument` on options that make no sense, and `system_error`
    /// with a message such as "cannot use PATH as a journal: it is a folder". Its code is
    /// `errc::journal_unusable` where the file is not one of a journal, is damaged, is of a newer
    /// version of crier, or is used by another journal, `errc::journal_unavailable` while another
    /// program locks it; else it is the system's.
    explicit sqlite_journal(const sqlite_journal_options& options);
    sqlite_journal(const sqlite_journal&) = delete;
    sqlite_journal& operator=(const sqlite_journal&) = delete;
    ~sqlite_journal() override;

    boost::system::result<numbering> begin() override;
    boost::system::error_code keep(
        std::string_view topic, const history_limits& history, retention retain) override;
    boost::system::error_code append(std::span<journal_entry> entries) override;
    boost::system::error_code forget(
        std::string_view topic, std::optional<std::string_view> key) override;
    boost::system::result<journal_page> read(std::string_view topic, std::uint64_t after,
        std::size_t events, std::size_t bytes) override;
    boost::system::result<journal_page> read_retained(std::string_view topic, std::uint64_t after,
        std::size_t events, std::size_t bytes) override;
    boost::system::result<std::optional<std::uint64_t>> find(
        std::string_view topic, std::string_view own_id) override;
    void end() noexcept override;

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

} // namespace crier
