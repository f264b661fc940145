#include "entry_queue.hpp"

#include "wire/frame_access.hpp"

#include <new>

namespace crier::detail {
namespace {

/// How many entries of a queue are not counted, and in what steps the others are.
constexpr std::size_t usual = 1024;
constexpr std::size_t step = 64;
/// An entry's place, as long as the queue grows; it shrinks by half.
constexpr std::size_t place = sizeof(entry_ptr) * 8 / 5;

} // namespace

entry_queue::~entry_queue() {
    if (counted_ > 0) {
        account_->remove(counted_);
    }
}

void entry_queue::append(entry_ptr added) {
    if (added->is_event()) {
        ++events_;
        bytes_ += added->content.text().size();
    }
    entries_.push_back(std::move(added));
    recount();
}

void entry_queue::erase(std::size_t at) noexcept {
    uncount(*entries_[at]);
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(at));
    if (entries_.capacity() > usual && entries_.size() <= entries_.capacity() / 2) {
        shrink();
    }
    recount();
}

void entry_queue::replace(std::size_t at, entry_ptr by) noexcept {
    uncount(*entries_[at]);
    entries_[at] = std::move(by);
}

std::size_t entry_queue::oldest_free_event() const noexcept {
    const auto free = entries_.begin() + static_cast<std::ptrdiff_t>(first_free());
    return static_cast<std::size_t>(std::find_if(free, entries_.end(), [](const entry_ptr& each) {
        return each->is_event();
    }) - entries_.begin());
}

void entry_queue::replace_front_gap(std::span<const frame> by) {
    // The last one in its place: Boost 1.81 does not allow to push to the front where nothing is.
    entries_.front() = entry_ptr{new entry{by.back()}};
    written_ = 0;
    for (std::size_t i = by.size() - 1; i-- > 0;) {
        entries_.push_front(entry_ptr{new entry{by[i]}});
    }
}

void entry_queue::pop() noexcept {
    erase(0);
    written_ = 0;
}

entry_queue::buffers entry_queue::gather(coding as, std::size_t most) {
    buffers result;
    for (const entry_ptr& pending : entries_) {
        if (result.size() == most || (holds_gaps_ && pending->lost)) {
            break;
        }
        std::string_view bytes = bytes_of(pending->told(), as);
        bytes.remove_prefix(result.empty() ? written_ : 0);
        result.emplace_back(bytes.data(), bytes.size());
    }
    return result;
}

void entry_queue::advance(std::size_t written, coding as) noexcept {
    pinned_ = 0;
    written_ += written;
    // Nothing is known yet of the size of a gap that is not gathered.
    while (written_ > 0) {
        const std::size_t size = bytes_of(entries_.front()->content, as).size();
        if (written_ < size) {
            return;
        }
        const std::size_t rest = written_ - size;
        pop();
        written_ = rest;
    }
}

void entry_queue::uncount(const entry& gone) noexcept {
    if (gone.is_event()) {
        --events_;
        bytes_ -= gone.content.text().size();
    }
}

/// Counts the room that a long queue takes: by its length, since all that are behind grow at once.
void entry_queue::recount() noexcept {
    const std::size_t beyond = entries_.size() <= usual ? 0 : entries_.size() - usual;
    const std::size_t bytes = (beyond + step - 1) / step * step * place;
    if (bytes != counted_ && account_) {
        account_->add(bytes);
        account_->remove(std::exchange(counted_, bytes));
    }
}

/// Gives back the room of what has gone, if there is memory to move the rest.
void entry_queue::shrink() noexcept {
    try {
        entries_.shrink_to_fit();
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): it stays as it is
    }
}

} // namespace crier::detail
