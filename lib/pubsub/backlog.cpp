#include "backlog.hpp"

#include <iterator>
#include <new>
#include <string>

namespace crier::detail {
namespace {

void grow(entry& before, event_id last, std::uint64_t events) noexcept {
    before.missing->to = before.id = last;
    *before.missing->count += events;
    before.content = frame{}; // it told of less
}

} // namespace

backlog::~backlog() { account_->remove(counted_); }

// --- gaps

/// Whether there is a gap that more can be added to.
bool backlog::is_open_gap(std::size_t at) const noexcept {
    if (at < first_free() || at >= entries_.size()) {
        return false;
    }
    const gap* const missing = entries_[at]->missing.get();
    return missing != nullptr && missing->reason == gap_reason::overflow;
}

void backlog::lose(std::size_t at) {
    const event_id id = entries_[at]->id;
    if (!tells_gaps_) {
        erase(at);
    } else if (at > 0 && is_open_gap(at - 1)) {
        entry& before = *entries_[at - 1];
        grow(before, id, 1);
        erase(at);
        if (is_open_gap(at)) {
            const gap& after = *entries_[at]->missing;
            grow(before, after.to, *after.count);
            erase(at);
        }
    } else if (is_open_gap(at + 1)) {
        entry& after = *entries_[at + 1];
        std::string from = to_string(id);
        after.missing->from = std::move(from);
        ++*after.missing->count;
        after.content = frame{};
        erase(at);
    } else {
        entry_ptr made = gap_entry({gap_reason::overflow, to_string(id), id, 1});
        uncount(*entries_[at]);
        entries_[at] = std::move(made);
    }
}

std::uint64_t backlog::lose_all() noexcept {
    range all;
    std::uint64_t events = 0;
    for (std::size_t at = first_free(); at < entries_.size();) {
        const entry& each = *entries_[at];
        const bool opens = is_open_gap(at);
        if (!opens && !each.is_event()) {
            ++at;
            continue;
        }
        if (all.count == 0) {
            all.first = opens ? parse_event_id(each.missing->from).value_or(each.id) : each.id;
        }
        all.last = each.id.sequence;
        all.count += opens ? *each.missing->count : 1;
        events += opens ? 0 : 1;
        erase(at);
    }
    if (all.count > 0 && tail_.count > 0) {
        tail_.first = all.first;
        tail_.count += all.count;
    } else if (all.count > 0) {
        leave_gap_behind(all);
    }
    return events;
}

void backlog::leave_gap_behind(const range& missing) noexcept {
    if (!tells_gaps_) {
        return;
    }
    if (tail_.count > 0) {
        // Those of several topics that were denied meanwhile overlap.
        tail_.last = std::max(tail_.last, missing.last);
        tail_.count += missing.count;
    } else if (!entries_.empty() && is_open_gap(entries_.size() - 1)) {
        entry& before = *entries_.back();
        grow(before, {missing.first.epoch, std::max(before.id.sequence, missing.last)},
            missing.count);
    } else {
        tail_ = missing;
    }
}

bool backlog::settle() noexcept {
    try {
        append_tail();
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): the next reader tries
    }
    return !entries_.empty();
}

void backlog::append_gap() {
    entries_.push_back(gap_entry({gap_reason::overflow, to_string(tail_.first),
        {tail_.first.epoch, tail_.last}, tail_.count}));
    tail_ = {};
}

// --- counts

backlog::amount backlog::free() const noexcept {
    amount left{events_, bytes_};
    for (std::size_t at = 0; at < first_free(); ++at) {
        const entry& written = *entries_[at];
        if (written.is_event()) {
            --left.events;
            left.bytes -= written.content.text().size();
        }
    }
    return left;
}

std::size_t backlog::first_free_event() const noexcept {
    const auto free = entries_.begin() + static_cast<std::ptrdiff_t>(first_free());
    return static_cast<std::size_t>(std::find_if(free, entries_.end(), [](const entry_ptr& each) {
        return each->is_event();
    }) - entries_.begin());
}

void backlog::erase(std::size_t at) noexcept {
    uncount(*entries_[at]);
    remove(at, 1);
}

/// Takes so many out that are not counted any more.
void backlog::remove(std::size_t first, std::size_t many) noexcept {
    constexpr std::size_t usual = 1024;
    if (many == entries_.size()) {
        entries_.clear(); // all its room is then behind it, for those that come next
    } else {
        const auto from = entries_.begin() + static_cast<std::ptrdiff_t>(first);
        entries_.erase(from, from + static_cast<std::ptrdiff_t>(many));
    }
    if (entries_.capacity() > usual && entries_.size() <= entries_.capacity() / 2) {
        try {
            entries_.shrink_to_fit();
        } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): it stays as it is
        }
    }
    recount();
}

void backlog::erase_from(std::size_t at) noexcept {
    tail_ = {};
    while (entries_.size() > at) {
        erase(entries_.size() - 1);
    }
}

void backlog::uncount(const entry& gone) noexcept {
    if (gone.is_event()) {
        --events_;
        bytes_ -= gone.content.text().size();
    }
}

/// By the length, since all that are behind grow at once.
void backlog::recount_beyond(std::size_t entries) noexcept {
    constexpr std::size_t step = 64;
    constexpr std::size_t place = sizeof(entry_ptr) * 2; // as it grows
    const std::size_t bytes = (entries + step - 1) / step * step * place;
    if (bytes != counted_) {
        account_->add(bytes);
        account_->remove(std::exchange(counted_, bytes));
    }
}

// --- reading

frame backlog::front() noexcept {
    try {
        return settle() ? entries_.front()->encoded() : frame{};
    } catch (const std::bad_alloc&) {
        return {};
    }
}

void backlog::pop() noexcept {
    erase(0);
    written_ = 0;
}

const gap* backlog::front_gap() noexcept {
    return settle() ? entries_.front()->missing.get() : nullptr;
}

void backlog::replace_front_gap(std::span<const frame> by) {
    append_tail();
    // The last one in its place: Boost 1.81 does not allow to push to the front where nothing is.
    boost::container::devector<entry_ptr> made;
    for (const frame& each : by) {
        made.push_back(entry_ptr{new entry{each}});
    }
    entries_.insert(entries_.begin() + 1, std::make_move_iterator(made.begin()),
        std::make_move_iterator(made.end()));
    pop();
}

void backlog::tell_front_gap() {
    append_tail();
    entry& next = *entries_.front();
    next.encoded();
    next.missing.reset();
    next.id = {};
}

backlog::buffers backlog::gather(frame_bytes bytes_of) noexcept {
    settle();
    buffers gathered;
    std::size_t skipped = written_;
    try {
        for (const entry_ptr& each : entries_) {
            const bool held = holds_gaps_ && each->missing;
            if (held || gathered.size() == buffers::static_capacity) {
                break;
            }
            const std::string_view rest = (each->encoded().*bytes_of)().substr(skipped);
            gathered.emplace_back(rest.data(), rest.size());
            skipped = 0;
        }
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): the gap waits for memory
    }
    return gathered;
}

void backlog::advance(std::size_t written, frame_bytes bytes_of) noexcept {
    pinned_ = 0;
    written_ += written;
    std::size_t whole = 0;
    // Nothing is known yet of the size of a gap that is not gathered.
    while (written_ > 0) {
        const entry& next = *entries_[whole];
        const std::size_t size = (next.content.*bytes_of)().size();
        if (written_ < size) {
            break;
        }
        written_ -= size;
        uncount(next);
        ++whole;
    }
    remove(0, whole);
}

} // namespace crier::detail
