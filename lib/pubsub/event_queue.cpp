#include "event_queue.hpp"

#include "wire/frame_access.hpp"

#include <iterator>
#include <limits>
#include <new>
#include <set>
#include <string>
#include <utility>

namespace crier::detail {
namespace {

/// A signal's type, and its key, which is none of other events: theirs begin with one letter.
constexpr std::string_view signal_type = "crier.signal";

bool is_signal(const entry& each) noexcept {
    return frame_access::key(each.content) == signal_type;
}

void grow(entry& before, event_id last, std::uint64_t events) noexcept {
    before.missing->to = before.id = last;
    *before.missing->count += events;
    before.content = frame{}; // it told of less
}

} // namespace

event_queue::~event_queue() { account_->remove(counted_); }

bool event_queue::offer(const entry_ptr& offered, drop_counts& lost) noexcept {
    try {
        if (overflowed_ || !fits(*offered)) {
            return overflow(offered, lost);
        }
        append(offered);
        return true;
    } catch (const std::bad_alloc&) {
        return drop_newest(*offered, drop_reason::memory, lost);
    }
}

void event_queue::miss(
    event_id first, std::uint64_t last, std::uint64_t events, drop_counts& lost) noexcept {
    count(drop_reason::memory, lost, events);
    // A reader that ends goes on after what it has got: a gap would put it past what it has not.
    if (!overflowed_) {
        leave_gap_behind({first, last, events});
    }
}

void event_queue::shed(std::uint64_t before, drop_counts& lost) noexcept {
    const bool is_old = try_append_tail() && oldest() < before;
    try {
        switch (limits_.overflow) {
        case overflow_policy::signal:
            if (is_old) {
                replace_by_signal(entries_.back(), lost);
            }
            break;
        case overflow_policy::disconnect:
            if (is_old) {
                give_up(drop_reason::memory, lost);
            }
            break;
        case overflow_policy::drop_newest:
            if (is_old) {
                lose_all(std::numeric_limits<std::uint64_t>::max(), drop_reason::memory, lost);
            }
            break;
        case overflow_policy::conflate: supersede_all(lost); [[fallthrough]];
        case overflow_policy::drop_oldest: lose_all(before, drop_reason::memory, lost); break;
        }
    } catch (const std::bad_alloc&) {
        lose_rest(drop_reason::memory, lost);
    }
}

void event_queue::append(entry_ptr added) {
    if (entries_.size() + 2 > entries_.capacity()) {
        entries_.reserve(std::max<std::size_t>(entries_.size() * 8 / 5, 6));
    }
    append_tail();
    if (added->is_event()) {
        ++events_;
        bytes_ += added->content.text().size();
    }
    entries_.push_back(std::move(added));
    recount();
}

std::uint64_t event_queue::oldest() const noexcept {
    const auto free = std::span{entries_.data(), entries_.size()}.subspan(
        std::min(first_free(), entries_.size()));
    // A signal has nothing to give.
    const auto found = std::ranges::find_if(
        free, [](const entry_ptr& each) { return each->is_event() && !is_signal(*each); });
    return found == free.end() ? std::numeric_limits<std::uint64_t>::max() : (*found)->id.sequence;
}

frame event_queue::front() noexcept {
    try {
        return try_append_tail() ? entries_.front()->encoded() : frame{};
    } catch (const std::bad_alloc&) {
        return {};
    }
}

void event_queue::pop() noexcept {
    erase(0);
    written_ = 0;
}

const gap* event_queue::front_gap() noexcept {
    return try_append_tail() ? entries_.front()->missing.get() : nullptr;
}

void event_queue::replace_front_gap(std::span<const frame> by) {
    append_tail();
    // The last one in its place: Boost 1.81 does not allow to push to the front where nothing is.
    boost::container::devector<entry_ptr> made;
    for (const frame& each : by) {
        made.push_back(entry_ptr{new entry{each}});
    }
    entries_.insert(entries_.begin() + 1, std::make_move_iterator(made.begin()),
        std::make_move_iterator(made.end()));
    erase(0);
    written_ = 0;
}

event_queue::buffers event_queue::gather(frame_bytes bytes_of) noexcept {
    try_append_tail();
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

void event_queue::advance(std::size_t written, frame_bytes bytes_of) noexcept {
    pinned_ = 0;
    written_ += written;
    // Nothing is known yet of the size of a gap that is not gathered.
    while (written_ > 0) {
        const std::size_t size = (entries_.front()->content.*bytes_of)().size();
        if (written_ < size) {
            return;
        }
        const std::size_t rest = written_ - size;
        pop();
        written_ = rest;
    }
}

bool event_queue::overflow(const entry_ptr& offered, drop_counts& lost) {
    if (overflowed_) {
        count(drop_reason::disconnected, lost);
        return false;
    }
    switch (limits_.overflow) {
    case overflow_policy::drop_newest: return drop_newest(*offered, drop_reason::newest, lost);
    case overflow_policy::conflate:
        supersede(*offered, lost);
        if (!fits(*offered)) {
            supersede_all(lost);
        }
        [[fallthrough]];
    case overflow_policy::drop_oldest: return drop_oldest_for(offered, lost);
    case overflow_policy::signal: replace_by_signal(offered, lost); return true;
    case overflow_policy::disconnect:
        give_up(drop_reason::disconnected, lost);
        count(drop_reason::disconnected, lost);
        return false;
    }
    return false;
}

bool event_queue::drop_newest(const entry& offered, drop_reason why, drop_counts& lost) noexcept {
    count(why, lost);
    leave_gap_behind({offered.id, offered.id.sequence, 1});
    return false;
}

bool event_queue::drop_oldest_for(const entry_ptr& offered, drop_counts& lost) {
    while (!fits(*offered)) {
        const std::size_t at = oldest_free_event();
        if (at == entries_.size()) {
            return drop_newest(*offered, drop_reason::newest, lost);
        }
        lose(at, drop_reason::oldest, lost);
    }
    append(offered);
    return true;
}

void event_queue::supersede(const entry& by, drop_counts& lost) noexcept {
    const std::string_view key = frame_access::key(by.content);
    for (std::size_t at = entries_.size(); at-- > first_free();) {
        const entry& older = *entries_[at];
        if (older.is_event() && older.topic == by.topic &&
            frame_access::key(older.content) == key) {
            count(drop_reason::conflated, lost);
            erase(at);
            return;
        }
    }
}

void event_queue::supersede_all(drop_counts& lost) {
    std::set<std::pair<const counters*, std::string_view>> seen;
    const std::size_t first = first_free();
    // What stays of an erased event's key is its equal of a newer one.
    for (std::size_t at = entries_.size(); at-- > first;) {
        const entry& each = *entries_[at];
        if (each.is_event() && !seen.insert({each.topic, frame_access::key(each.content)}).second) {
            count(drop_reason::conflated, lost);
            erase(at);
        }
    }
}

/// One event without data in the place of all that waits and of the newest, which may be there.
void event_queue::replace_by_signal(const entry_ptr& newest, drop_counts& lost) {
    const event_id last = newest->id;
    const bool waits = !entries_.empty() && entries_.back() == newest;
    const std::string id = to_string(last);
    event_view changed;
    changed.type = signal_type;
    changed.id = tells_gaps_ ? std::string_view{id} : std::string_view{};
    const entry_ptr made{
        new entry{frame_access::make(changed, signal_type, account_).value(), last}};
    entries_.reserve(entries_.size() + 1);
    // Gaps too: with the id of one, the client would go on past the events that were before it.
    tail_ = {};
    for (std::size_t at = entries_.size(), first = oldest_free_event(); at-- > first;) {
        if (entries_[at]->is_event() && !is_signal(*entries_[at])) {
            count(drop_reason::signalled, lost);
        }
        erase(at);
    }
    if (!waits) {
        count(drop_reason::signalled, lost);
    }
    append(made);
}

/// Without a gap: the reader ends, and goes on after what it has got.
void event_queue::give_up(drop_reason why, drop_counts& lost) noexcept {
    overflowed_ = true;
    tail_ = {};
    for (std::size_t at = entries_.size(); at-- > first_free();) {
        count(why, lost, entries_[at]->is_event() ? 1 : 0);
        erase(at);
    }
}

void event_queue::lose(std::size_t at, drop_reason why, drop_counts& lost) {
    if (tells_gaps_) {
        leave_gap_at(at);
    } else {
        erase(at);
    }
    count(why, lost);
}

void event_queue::lose_all(std::uint64_t before, drop_reason why, drop_counts& lost) {
    for (std::size_t at = oldest_free_event();
        at < entries_.size() && entries_[at]->id.sequence < before; at = oldest_free_event()) {
        lose(at, why, lost);
    }
}

/// Where there is no memory for a gap in between: all that waits becomes one at the end.
void event_queue::lose_rest(drop_reason why, drop_counts& lost) noexcept {
    range all;
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
        count(why, lost, opens ? 0 : 1);
        erase(at);
    }
    if (all.count > 0 && tail_.count > 0) {
        tail_.first = all.first;
        tail_.count += all.count;
    } else if (all.count > 0) {
        leave_gap_behind(all);
    }
}

void event_queue::count(drop_reason why, drop_counts& lost, std::uint64_t events) noexcept {
    dropped_ += events;
    lost[static_cast<std::size_t>(why)] += events;
}

/// Puts a gap where the event was, one with those that are beside it: however much is lost, the
/// gaps take the room of few.
void event_queue::leave_gap_at(std::size_t at) {
    const event_id id = entries_[at]->id;
    if (at > 0 && is_open_gap(at - 1)) {
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

/// For what was not taken in.
void event_queue::leave_gap_behind(const range& missing) noexcept {
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

/// Whether there is a gap that more can be added to.
bool event_queue::is_open_gap(std::size_t at) const noexcept {
    if (at < first_free() || at >= entries_.size()) {
        return false;
    }
    const gap* const missing = entries_[at]->missing.get();
    return missing != nullptr && missing->reason == gap_reason::overflow;
}

bool event_queue::try_append_tail() noexcept {
    try {
        append_tail();
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): the next reader tries
    }
    return !entries_.empty();
}

void event_queue::append_tail() {
    if (tail_.count > 0) {
        entries_.push_back(gap_entry({gap_reason::overflow, to_string(tail_.first),
            {tail_.first.epoch, tail_.last}, tail_.count}));
        tail_ = {};
    }
}

std::size_t event_queue::oldest_free_event() const noexcept {
    const auto free = entries_.begin() + static_cast<std::ptrdiff_t>(first_free());
    return static_cast<std::size_t>(std::find_if(free, entries_.end(), [](const entry_ptr& each) {
        return each->is_event();
    }) - entries_.begin());
}

void event_queue::erase(std::size_t at) noexcept {
    constexpr std::size_t usual = 1024;
    uncount(*entries_[at]);
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(at));
    if (entries_.capacity() > usual && entries_.size() <= entries_.capacity() / 2) {
        try {
            entries_.shrink_to_fit();
        } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): it stays as it is
        }
    }
    recount();
}

void event_queue::uncount(const entry& gone) noexcept {
    if (gone.is_event()) {
        --events_;
        bytes_ -= gone.content.text().size();
    }
}

/// Counts the room that the queue takes, where it is more than a few events'. By its length, since
/// all that are behind grow at once.
void event_queue::recount() noexcept {
    constexpr std::size_t usual = 128;
    constexpr std::size_t step = 64;
    constexpr std::size_t place = sizeof(entry_ptr) * 2; // as it grows
    const std::size_t beyond = entries_.size() <= usual ? 0 : entries_.size() - usual;
    const std::size_t bytes = (beyond + step - 1) / step * step * place;
    if (bytes != counted_) {
        account_->add(bytes);
        account_->remove(std::exchange(counted_, bytes));
    }
}

} // namespace crier::detail
