#pragma once

#include "history.hpp"
#include "journal_page.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <cstdint>

namespace crier::detail {

struct topic;

/// What one topic keeps, in its order, for one who reads it back: its history, or the newest of
/// each key.
struct reading_source {
    boost::intrusive_ptr<topic> of;
    bool is_values = false;
    std::uint64_t after = 0; ///< all up to here has been read
    std::uint64_t endings = 0;
    std::uint64_t told = 0; ///< what had gone up to here is told, or concerns nobody
    /// Begins with what the topic retains, once that is here.
    bool awaits_retained = false;
    /// Begins where the topic begins to be followed.
    bool awaits_follow = false;
    /// Read from a journal, where the topic has it no longer.
    journal_piece_ptr piece{};

    const record* next() const noexcept;
    bool is_older_in_journal() const noexcept;

    /// What is gone for good, as far as that is known.
    std::uint64_t evicted_through() const noexcept;

    /// Whether some of what comes next is in the journal alone.
    bool needs_journal() const noexcept;

    /// Begins where its topic is followed now.
    void begin_followed() noexcept;

    /// Begins with the newest event of a topic that retains that, as soon as that is here.
    void begin_with_retained() noexcept;
    void take_up_retained() noexcept;
};

} // namespace crier::detail
