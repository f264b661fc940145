#pragma once

#include "entry.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/container/devector.hpp>
#include <boost/container/static_vector.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace crier::detail {

/// Which bytes of a frame a stream sends.
using frame_bytes = std::string_view (frame::*)() const noexcept;

/// What waits for one reader, oldest first, with a gap where events are missing. What there is no
/// memory for is added to the gap at its end, which needs none.
class backlog {
public:
    /// Without ids, a stream tells nothing of its gaps.
    backlog(bool tells_gaps, memory_account_ptr account) noexcept
        : account_{std::move(account)}, tells_gaps_{tells_gaps} {}
    backlog(const backlog&) = delete;
    backlog& operator=(const backlog&) = delete;
    ~backlog();

    bool tells_gaps() const noexcept { return tells_gaps_; }
    const memory_account_ptr& account() const noexcept { return account_; }

    // What comes in:

    void append(const entry_ptr& added) {
        reserve_one();
        append_tail();
        if (added->is_event()) {
            ++events_;
            bytes_ += added->content.text().size();
        }
        entries_.push_back(added);
        recount();
    }

    /// Whether it is empty, and needs no memory for what is appended next.
    bool is_empty_and_reserved() const noexcept { return empty() && entries_.capacity() >= 2; }

    /// Takes now what the next `append` needs.
    void reserve_one() {
        if (entries_.size() + 2 > entries_.capacity()) {
            entries_.reserve(std::max<std::size_t>(entries_.size() * 8 / 5, 6));
        }
    }

    /// Events that are missing, from the first to the last number.
    struct range {
        event_id first;
        std::uint64_t last = 0;
        std::uint64_t count = 0;
    };

    /// Tells at the end what was not taken in.
    void leave_gap_behind(const range& missing) noexcept;

    // What goes without having been read:

    /// How many entries there are, without a gap at the end that is none yet.
    std::size_t entries() const noexcept { return entries_.size(); }
    const entry_ptr& entry_at(std::size_t at) const noexcept { return entries_[at]; }
    /// How many events nobody is writing, and how many bytes they take.
    struct amount {
        std::size_t events = 0;
        std::size_t bytes = 0;
    };
    amount free() const noexcept;

    /// The first entry that nobody is writing, and the first such event. The end without one.
    std::size_t first_free() const noexcept {
        return std::min<std::size_t>(
            std::max<std::size_t>(pinned_, written_ > 0 ? 1 : 0), entries_.size());
    }
    std::size_t first_free_event() const noexcept;

    void erase(std::size_t at) noexcept;
    /// Erases all from there on, the gap at the end too.
    void erase_from(std::size_t at) noexcept;

    /// Whether what was missed last is the last there is.
    bool ends_in_gap() const noexcept {
        return tail_.count > 0 || (!entries_.empty() && is_open_gap(entries_.size() - 1));
    }

    /// Puts a gap where an event is, one with those that are beside it: however much is lost, the
    /// gaps take the room of few. Nothing changes where it throws.
    void lose(std::size_t at);

    /// Puts one gap at the end in the place of all that is free, without memory. Returns how many
    /// events that were.
    std::uint64_t lose_all() noexcept;

    /// Makes the gap at the end an entry, where there is one, and memory. Tells whether there is an
    /// entry.
    bool settle() noexcept;

    // What is read:

    bool empty() const noexcept { return entries_.empty() && tail_.count == 0; }
    std::size_t size() const noexcept { return entries_.size() + (tail_.count > 0 ? 1 : 0); }

    /// The oldest frame; an empty one where there is none, or no memory to tell of a gap.
    frame front() noexcept;
    void pop() noexcept;

    /// The gap that is next to be sent, if it is one.
    const gap* front_gap() noexcept;

    /// Puts frames, one or more, where the gap was that is next.
    void replace_front_gap(std::span<const frame> by);

    /// Lets the gap that is next be sent as it is, though gaps are held.
    void tell_front_gap();

    /// Lets `gather` stop before each gap that comes later, so that it can be replaced.
    void hold_gaps() noexcept { holds_gaps_ = true; }

    /// Whether the oldest entry is on its way, but not wholly.
    bool is_partly_written() const noexcept { return written_ > 0; }

    /// What goes into one write. Unlike an array, it is not filled before it is.
    using buffers = boost::container::static_vector<boost::asio::const_buffer, 64>;

    /// The bytes to be written next. None although it is not empty: there is no memory to tell of a
    /// gap, or it is held.
    buffers gather(frame_bytes bytes_of) noexcept;

    /// Keeps so many of the oldest entries where and as they are until the next `advance`: somebody
    /// is writing them.
    void pin(std::size_t entries) noexcept { pinned_ = static_cast<std::uint32_t>(entries); }

    /// Lets go what was written of the gathered bytes, wholly written entries only.
    void advance(std::size_t written, frame_bytes bytes_of) noexcept;

private:
    bool is_open_gap(std::size_t at) const noexcept;
    void append_tail() {
        if (tail_.count > 0) {
            append_gap();
        }
    }
    void append_gap();
    void uncount(const entry& gone) noexcept;
    void remove(std::size_t first, std::size_t many) noexcept;

    /// Counts the room that the entries take, where it is more than a few events'.
    void recount() noexcept {
        constexpr std::size_t usual = 128;
        if (entries_.size() > usual || counted_ > 0) {
            recount_beyond(entries_.size() - std::min(entries_.size(), usual));
        }
    }
    void recount_beyond(std::size_t entries) noexcept;

    boost::container::devector<entry_ptr> entries_;
    std::size_t events_ = 0;
    std::size_t bytes_ = 0;
    std::size_t written_ = 0;
    /// A gap at the end that is no entry yet.
    range tail_;
    memory_account_ptr account_;
    std::size_t counted_ = 0;
    std::uint32_t pinned_ = 0;
    bool holds_gaps_ = false;
    bool tells_gaps_;
};

} // namespace crier::detail
