#pragma once

#include <crier/wire/frame.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/container/devector.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace crier::detail {

/// A frame in the queues of one shard. The frame's own reference count is shared by all threads;
/// this one belongs to the shard, so that a subscriber more costs no atomic operation.
struct entry : boost::intrusive_ref_counter<entry, boost::thread_unsafe_counter> {
    explicit entry(frame of) : content{std::move(of)} {}

    frame content;
};

using entry_ptr = boost::intrusive_ptr<entry>;

/// How a stream wants its frames: as they are, or as chunks of the chunked coding.
enum class coding { plain, chunked };

inline std::string_view bytes_of(const frame& content, coding as) noexcept {
    return as == coding::chunked ? content.chunk() : content.text();
}

/// What a subscriber has still to read, oldest first: at most `bound` events. A full backlog lets
/// the newest event go and counts it.
class backlog {
public:
    explicit backlog(std::size_t bound) noexcept : bound_{bound} {}

    bool offer(const entry_ptr& offered) {
        if (entries_.size() >= bound_) {
            ++dropped_;
            return false;
        }
        entries_.push_back(offered);
        return true;
    }

    bool empty() const noexcept { return entries_.empty(); }
    std::size_t size() const noexcept { return entries_.size(); }
    std::uint64_t dropped() const noexcept { return dropped_; }

    /// Whether the oldest event is on its way, but not wholly.
    bool is_partly_written() const noexcept { return written_ > 0; }

    const frame& front() const noexcept { return entries_.front()->content; }

    void pop() noexcept {
        entries_.pop_front();
        written_ = 0;
    }

    /// The bytes to be written next, as many as there are buffers for; tells how many it filled.
    std::size_t gather(std::span<boost::asio::const_buffer> buffers, coding as) const noexcept {
        std::size_t filled = 0;
        for (const entry_ptr& pending : entries_) {
            if (filled == buffers.size()) {
                break;
            }
            std::string_view bytes = bytes_of(pending->content, as);
            bytes.remove_prefix(filled == 0 ? written_ : 0);
            buffers[filled++] = boost::asio::buffer(bytes.data(), bytes.size());
        }
        return filled;
    }

    /// Lets go what was written of the gathered bytes, wholly written events only.
    void advance(std::size_t written, coding as) noexcept {
        written_ += written;
        while (!entries_.empty()) {
            const std::size_t size = bytes_of(front(), as).size();
            if (written_ < size) {
                return;
            }
            const std::size_t rest = written_ - size;
            pop();
            written_ = rest;
        }
    }

private:
    boost::container::devector<entry_ptr> entries_;
    std::size_t bound_;
    std::size_t written_ = 0;
    std::uint64_t dropped_ = 0;
};

} // namespace crier::detail
