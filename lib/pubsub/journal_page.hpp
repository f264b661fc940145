#pragma once

#include "history.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace crier::detail {

/// A piece of what a journal keeps of a topic, in the order of the numbers.
struct journal_piece {
    /// What is later than that was asked for.
    std::uint64_t after = 0;
    /// All up to here was read, and is here or kept no more.
    std::uint64_t through = 0;
    /// Up to here events may be missing.
    std::uint64_t evicted_through = 0;
    std::vector<record> records;

    bool covers(std::uint64_t sequence) const noexcept {
        return after <= sequence && sequence < through;
    }

    const record* first_after(std::uint64_t sequence) const noexcept {
        const auto found = std::ranges::upper_bound(records, sequence, {}, &record::sequence);
        return found == records.end() ? nullptr : &*found;
    }
};
using journal_piece_ptr = std::shared_ptr<const journal_piece>;

} // namespace crier::detail
