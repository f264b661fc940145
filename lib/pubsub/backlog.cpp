#include "backlog.hpp"

#include "wire/frame_access.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <new>
#include <set>
#include <utility>

namespace crier::detail {
namespace {

/// Of a signal, its type and key: those of other events begin with a letter for what they are.
constexpr std::string_view signal_type = "crier.signal";

entry_ptr gap_entry(event_id first, event_id last, std::uint64_t count) {
    const entry_ptr made{new entry{frame{}, last}};
    made->lost = std::make_unique<gap>();
    made->lost->reason = gap_reason::overflow;
    made->lost->from = to_string(first);
    made->lost->to = last;
    made->lost->count = count;
    return made;
}

/// How many entries of a queue are not counted, and in what steps the others are.
constexpr std::size_t usual = 1024;
constexpr std::size_t step = 64;
/// An entry's place, as long as the queue grows; it shrinks by half.
constexpr std::size_t place = sizeof(entry_ptr) * 8 / 5;

} // namespace

backlog::~backlog() {
    if (counted_ > 0) {
        account_->remove(counted_);
    }
}

bool backlog::offer(const entry_ptr& offered, drop_counts& lost) {
    if (overflowed_) {
        count(drop_reason::disconnected, lost);
        return false;
    }
    if (fits(*offered)) {
        append(offered);
        return true;
    }
    switch (limits_.overflow) {
    case overflow_policy::drop_newest:
        count(drop_reason::newest, lost);
        leave_gap(offered->id, offered->id, 1);
        return false;
    case overflow_policy::conflate:
        supersede(*offered, lost);
        if (!fits(*offered)) {
            supersede_all(lost);
        }
        [[fallthrough]];
    case overflow_policy::drop_oldest: return drop_oldest_for(offered, lost);
    case overflow_policy::signal: coalesce(offered, lost); return true;
    case overflow_policy::disconnect:
        give_up(drop_reason::disconnected, lost);
        count(drop_reason::disconnected, lost);
        return false;
    }
    return false;
}

void backlog::append(entry_ptr added) {
    if (added->is_event()) {
        ++events_;
        bytes_ += added->content.text().size();
    }
    push_back(std::move(added));
}

void backlog::push_back(entry_ptr added) {
    entries_.push_back(std::move(added));
    recount();
}

/// Counts the room that a long queue takes: by its length, since all that are behind grow at once.
void backlog::recount() noexcept {
    const std::size_t beyond = entries_.size() <= usual ? 0 : entries_.size() - usual;
    const std::size_t bytes = (beyond + step - 1) / step * step * place;
    if (bytes != counted_ && account_) {
        account_->add(bytes);
        account_->remove(std::exchange(counted_, bytes));
    }
}

void backlog::shed(std::uint64_t before, drop_counts& lost) {
    switch (limits_.overflow) {
    case overflow_policy::signal:
        if (oldest() < before) {
            coalesce(entries_.back(), lost);
        }
        break;
    case overflow_policy::disconnect:
        if (oldest() < before) {
            give_up(drop_reason::memory, lost);
        }
        break;
    case overflow_policy::drop_newest:
        if (oldest() < before) {
            lose_all(std::numeric_limits<std::uint64_t>::max(), drop_reason::memory, lost);
        }
        break;
    case overflow_policy::conflate: supersede_all(lost); [[fallthrough]];
    case overflow_policy::drop_oldest: lose_all(before, drop_reason::memory, lost); break;
    }
}

std::uint64_t backlog::oldest() const noexcept {
    const auto free = entries_.begin() + static_cast<std::ptrdiff_t>(first_free());
    // A signal has nothing to give.
    const auto found = std::find_if(free, entries_.end(),
        [](const entry_ptr& each) { return each->is_event() && each->key != signal_type; });
    return found == entries_.end() ? std::numeric_limits<std::uint64_t>::max()
                                   : (*found)->id.sequence;
}

const frame& backlog::front() {
    entry& first = *entries_.front();
    if (first.content.empty() && first.lost) {
        first.content = *make_frame(to_event(*first.lost));
    }
    return first.content;
}

void backlog::replace_front_gap(std::span<const frame> by) {
    // The last one in its place: Boost 1.81 does not allow to push to the front where nothing is.
    entries_.front() = entry_ptr{new entry{by.back()}};
    written_ = 0;
    for (std::size_t i = by.size() - 1; i-- > 0;) {
        entries_.push_front(entry_ptr{new entry{by[i]}});
    }
}

void backlog::pop() noexcept {
    erase(0);
    written_ = 0;
}

backlog::buffers backlog::gather(coding as, std::size_t most) {
    buffers result;
    for (const entry_ptr& pending : entries_) {
        if (result.size() == most || (holds_gaps_ && pending->lost)) {
            break;
        }
        if (pending->content.empty() && pending->lost) {
            pending->content = *make_frame(to_event(*pending->lost));
        }
        std::string_view bytes = bytes_of(pending->content, as);
        bytes.remove_prefix(result.empty() ? written_ : 0);
        result.emplace_back(bytes.data(), bytes.size());
    }
    return result;
}

void backlog::advance(std::size_t written, coding as) noexcept {
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

std::size_t backlog::first_free() const noexcept {
    return std::max<std::size_t>(pinned_, written_ > 0 ? 1 : 0);
}

bool backlog::fits(const entry& offered) const noexcept {
    return events_ == 0 ||
           (events_ < limits_.events && bytes_ + offered.content.text().size() <= limits_.bytes);
}

/// Whether there is a gap that more can be added to.
bool backlog::is_open_gap(std::size_t at) const noexcept {
    return at >= first_free() && at < entries_.size() && entries_[at]->lost &&
           entries_[at]->lost->reason == gap_reason::overflow;
}

std::size_t backlog::oldest_free_event() const noexcept {
    const auto free = entries_.begin() + static_cast<std::ptrdiff_t>(first_free());
    return static_cast<std::size_t>(std::find_if(free, entries_.end(), [](const entry_ptr& each) {
        return each->is_event();
    }) - entries_.begin());
}

void backlog::erase(std::size_t at) noexcept {
    const entry& gone = *entries_[at];
    if (gone.is_event()) {
        --events_;
        bytes_ -= gone.content.text().size();
    }
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(at));
    if (entries_.capacity() > usual && entries_.size() <= entries_.capacity() / 2) {
        shrink();
    }
    recount();
}

/// Gives back the room of what has gone, if there is memory to move the rest.
void backlog::shrink() noexcept {
    try {
        entries_.shrink_to_fit();
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): it stays as it is
    }
}

/// Leaves a gap where the event was, one with those that are beside it.
void backlog::lose(std::size_t at, drop_reason why, drop_counts& lost) {
    const event_id id = entries_[at]->id;
    count(why, lost);
    if (!tells_gaps_) {
        erase(at);
    } else if (at > 0 && is_open_gap(at - 1)) {
        gap& before = *entries_[at - 1]->lost;
        before.to = entries_[at - 1]->id = id;
        ++*before.count;
        erase(at);
        if (is_open_gap(at)) {
            const gap& after = *entries_[at]->lost;
            before.to = entries_[at - 1]->id = after.to;
            *before.count += *after.count;
            erase(at);
        }
        entries_[at - 1]->content = frame{};
    } else if (is_open_gap(at + 1)) {
        gap& after = *entries_[at + 1]->lost;
        after.from = to_string(id);
        ++*after.count;
        entries_[at + 1]->content = frame{};
        erase(at);
    } else {
        --events_;
        bytes_ -= entries_[at]->content.text().size();
        entries_[at] = gap_entry(id, id, 1);
    }
}

/// Without a gap: the reader ends, and goes on after what it has got.
void backlog::give_up(drop_reason why, drop_counts& lost) {
    overflowed_ = true;
    for (std::size_t at = entries_.size(); at-- > first_free();) {
        count(why, lost, entries_[at]->is_event() ? 1 : 0);
        erase(at);
    }
}

void backlog::lose_all(std::uint64_t before, drop_reason why, drop_counts& lost) {
    for (std::size_t at = oldest_free_event();
        at < entries_.size() && entries_[at]->id.sequence < before; at = oldest_free_event()) {
        lose(at, why, lost);
    }
}

void backlog::miss(event_id first, event_id last, std::uint64_t events, drop_counts& lost) {
    count(drop_reason::memory, lost, events);
    // A reader that ends goes on after what it has got: a gap would put it past what it has not.
    if (!overflowed_) {
        leave_gap(first, last, events);
    }
}

/// For what was not taken in: at the end.
void backlog::leave_gap(event_id first, event_id last, std::uint64_t events) {
    if (!tells_gaps_) {
        return;
    }
    if (entries_.empty() || !is_open_gap(entries_.size() - 1)) {
        push_back(gap_entry(first, last, events));
        return;
    }
    entry& before = *entries_.back();
    // Those of several topics that were refused meanwhile overlap.
    before.lost->to = before.id = std::max(before.id, last);
    *before.lost->count += events;
    before.content = frame{};
}

void backlog::supersede(const entry& by, drop_counts& lost) {
    for (std::size_t at = entries_.size(); at-- > first_free();) {
        const entry& older = *entries_[at];
        if (older.is_event() && older.topic == by.topic && older.key == by.key) {
            count(drop_reason::conflated, lost);
            erase(at);
            return;
        }
    }
}

void backlog::supersede_all(drop_counts& lost) {
    std::set<std::pair<const counters*, std::string_view>> seen;
    const std::size_t first = first_free();
    // What stays of an erased entry's key is its equal of a newer one.
    for (std::size_t at = entries_.size(); at-- > first;) {
        const entry& each = *entries_[at];
        if (each.is_event() && !seen.insert({each.topic, each.key}).second) {
            count(drop_reason::conflated, lost);
            erase(at);
        }
    }
}

bool backlog::drop_oldest_for(const entry_ptr& offered, drop_counts& lost) {
    while (!fits(*offered)) {
        const std::size_t at = oldest_free_event();
        if (at == entries_.size()) {
            count(drop_reason::newest, lost);
            leave_gap(offered->id, offered->id, 1);
            return false;
        }
        lose(at, drop_reason::oldest, lost);
    }
    append(offered);
    return true;
}

/// One event without data in the place of all that waits and of the newest, which may be there.
void backlog::coalesce(const entry_ptr& newest, drop_counts& lost) {
    const entry_ptr last = newest; // NOLINT(performance-unnecessary-copy-initialization): it may go
    const bool waits = !entries_.empty() && entries_.back() == last;
    // Gaps too: with the id of one, the client would go on past the events that were before it.
    for (std::size_t at = entries_.size(), first = oldest_free_event(); at-- > first;) {
        if (entries_[at]->is_event() && entries_[at]->key != signal_type) {
            count(drop_reason::signalled, lost);
        }
        erase(at);
    }
    if (!waits) {
        count(drop_reason::signalled, lost);
    }
    const std::string id = to_string(last->id);
    event_view changed;
    changed.type = signal_type;
    changed.id = tells_gaps_ ? std::string_view{id} : std::string_view{};
    const entry_ptr made{new entry{*make_frame(changed), last->id}};
    made->key = signal_type;
    append(made);
}

void backlog::count(drop_reason why, drop_counts& lost, std::uint64_t events) noexcept {
    dropped_ += events;
    lost[static_cast<std::size_t>(why)] += events;
}

} // namespace crier::detail
