#pragma once

#include <crier/journal/sqlite_journal.hpp>

#include "database.hpp"
#include "statement.hpp"

#include <cstdint>

namespace crier::detail {

/// Which numbers were given. So that none is given twice, a file promises that those up to some one
/// are not given after a crash, and has it on the disk before they are given.
class numbers {
public:
    /// A manager gives numbers ahead of what is appended, by what may wait for its journal. So the
    /// promise is made again while so many are left, as great as any such queue.
    static constexpr std::uint64_t least_ahead = 1'000'000;
    static constexpr std::uint64_t most_ahead = 2 * least_ahead;

    explicit numbers(database& in);

    /// Begins a run. Writes, and is to be on the disk when it returns.
    journal::numbering begin(journal_safety safety);

    /// Numbers the runs.
    std::int64_t run() const noexcept { return run_; }

    /// Whether the promise must be made again with the event of that number. Then what is committed
    /// must be on the disk before it is told.
    bool promises_with(std::uint64_t sequence) const noexcept {
        return promised_ < sequence + least_ahead;
    }

    /// Writes that there are events up to there, within a transaction; `note` when it is committed.
    void write(std::uint64_t sequence);
    void note(std::uint64_t sequence) noexcept;

    /// Writes something, in a transaction of its own.
    void touch();

    /// Ends a run in order: the next one goes on from there.
    void end(std::uint64_t newest);

private:
    std::uint64_t promise_with(std::uint64_t sequence) const noexcept {
        return promises_with(sequence) ? sequence + most_ahead : promised_;
    }

    database& in_;
    statement read_;
    statement begin_;
    statement write_;
    statement touch_;
    statement end_;
    std::int64_t run_ = 0;
    std::uint64_t promised_ = 0;
};

} // namespace crier::detail
