#pragma once

#include "entry.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/container/devector.hpp>
#include <boost/container/static_vector.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace crier::detail {

class memory_account;

/// What a subscriber has still to read, oldest first, and how far it is written.
class entry_queue {
public:
    /// The queue itself is counted in the account, where it is a long one.
    explicit entry_queue(std::shared_ptr<memory_account> account) noexcept
        : account_{std::move(account)} {}
    entry_queue(const entry_queue&) = delete;
    entry_queue& operator=(const entry_queue&) = delete;
    ~entry_queue();

    bool empty() const noexcept { return entries_.empty(); }
    std::size_t size() const noexcept { return entries_.size(); }
    std::span<const entry_ptr> entries() const noexcept {
        return {entries_.data(), entries_.size()};
    }

    /// How many events there are, and the bytes of their frames.
    std::size_t events() const noexcept { return events_; }
    std::size_t bytes() const noexcept { return bytes_; }

    void append(entry_ptr added);
    void erase(std::size_t at) noexcept;

    /// Puts what is no event in an entry's place.
    void replace(std::size_t at, entry_ptr by) noexcept;

    /// What stands before it is being written, and stays as it is.
    std::size_t first_free() const noexcept {
        return std::max<std::size_t>(pinned_, written_ > 0 ? 1 : 0);
    }

    /// The size without one.
    std::size_t oldest_free_event() const noexcept;

    /// Whether the oldest entry is on its way, but not wholly.
    bool is_partly_written() const noexcept { return written_ > 0; }

    /// The oldest entry's frame.
    const frame& front() { return entries_.front()->told(); }

    /// The gap that is next to be sent, if it is one.
    const gap* front_gap() const noexcept { return entries_.front()->lost.get(); }

    /// Puts frames, one or more, where the gap was that is next.
    void replace_front_gap(std::span<const frame> by);

    /// Lets `gather` stop before each gap that comes later, so that it can be replaced.
    void hold_gaps() noexcept { holds_gaps_ = true; }

    void pop() noexcept;

    /// What goes into one write. Unlike an array, it is not filled before it is.
    using buffers = boost::container::static_vector<boost::asio::const_buffer, 64>;

    /// The bytes to be written next, of so many entries at most.
    buffers gather(coding as, std::size_t most = buffers::static_capacity);

    /// Keeps so many of the oldest entries where and as they are until the next `advance`: somebody
    /// is writing them.
    void pin(std::size_t entries) noexcept { pinned_ = entries; }

    /// Lets go what was written of the gathered bytes, wholly written entries only.
    void advance(std::size_t written, coding as) noexcept;

private:
    void uncount(const entry& gone) noexcept;
    void recount() noexcept;
    void shrink() noexcept;

    boost::container::devector<entry_ptr> entries_;
    std::shared_ptr<memory_account> account_;
    std::size_t counted_ = 0;
    std::size_t events_ = 0;
    std::size_t bytes_ = 0;
    std::size_t pinned_ = 0;
    std::size_t written_ = 0;
    bool holds_gaps_ = false;
};

} // namespace crier::detail
