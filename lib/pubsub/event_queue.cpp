#include "event_queue.hpp"

#include "wire/frame_access.hpp"

#include <limits>
#include <new>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace crier::detail {
namespace {

/// A signal's type, and its key, which is none of other events: theirs begin with one letter.
constexpr std::string_view signal_type = "crier.signal";

bool is_signal(const entry& each) noexcept {
    return frame_access::key(each.content) == signal_type;
}

} // namespace

bool event_queue::offer(const entry_ptr& offered, drop_counts& lost) noexcept {
    try {
        if (policy_of(*offered) == overflow_policy::conflate_always) {
            supersede(*offered, lost);
        }
        if (overflowed_ || !fits(*offered)) {
            return overflow(offered, lost);
        }
        waiting_.append(offered);
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
        waiting_.leave_gap_behind({first, last, events});
    }
}

void event_queue::shed(std::uint64_t before, drop_counts& lost) noexcept {
    const bool is_old = waiting_.settle() && oldest() < before;
    try {
        // Of several topics: as the least strict of them, and what goes is told by gaps.
        switch (by_topic_ ? overflow_policy::conflate : limits_.overflow) {
        case overflow_policy::signal:
            if (is_old) {
                replace_by_signal(
                    waiting_.first_free_event(), waiting_.entry_at(waiting_.entries() - 1), lost);
            }
            break;
        case overflow_policy::disconnect:
            if (is_old) {
                give_up(drop_reason::memory, lost);
            }
            break;
        case overflow_policy::drop_newest:
            if (is_old) {
                drop_older(std::numeric_limits<std::uint64_t>::max(), lost);
            }
            break;
        case overflow_policy::conflate:
        case overflow_policy::conflate_always:
            if (must_not_lose_older(before)) {
                give_up(drop_reason::memory, lost);
                break;
            }
            supersede_all(lost);
            [[fallthrough]];
        case overflow_policy::drop_oldest: drop_older(before, lost); break;
        }
    } catch (const std::bad_alloc&) {
        // There is none for a gap in between either.
        count(drop_reason::memory, lost, waiting_.lose_all());
    }
}

std::uint64_t event_queue::oldest() const noexcept {
    for (std::size_t at = waiting_.first_free(); at < waiting_.entries(); ++at) {
        const entry& each = *waiting_.entry_at(at);
        if (each.is_event() && !is_signal(each)) { // a signal has nothing to give
            return each.id.sequence;
        }
    }
    return std::numeric_limits<std::uint64_t>::max();
}

bool event_queue::obeys(const entry& each, overflow_policy policy) const noexcept {
    return each.is_event() && policy_of(each) == policy;
}

/// Whether it may go so that another gets room.
bool event_queue::yields(const entry& each) const noexcept {
    return obeys(each, overflow_policy::drop_oldest) || obeys(each, overflow_policy::conflate) ||
           obeys(each, overflow_policy::conflate_always);
}

bool event_queue::overflow(const entry_ptr& offered, drop_counts& lost) {
    if (overflowed_) {
        count(drop_reason::disconnected, lost);
        return false;
    }
    const overflow_policy policy = policy_of(*offered);
    if (policy == overflow_policy::signal) {
        return signal_change(offered, lost);
    }
    if (make_room(*offered, lost)) {
        waiting_.append(offered);
        return true;
    }
    if (policy == overflow_policy::disconnect) {
        give_up(drop_reason::disconnected, lost);
        count(drop_reason::disconnected, lost);
        return false;
    }
    return drop_newest(*offered, drop_reason::newest, lost);
}

/// By those that yield. Tells whether there is room then.
bool event_queue::make_room(const entry& offered, drop_counts& lost) {
    const bool conflates = obeys(offered, overflow_policy::conflate);
    const bool some_yield = by_topic_ || yields(offered);
    if (!some_yield || oldest_that_yields() == waiting_.entries()) {
        return false;
    }
    if (conflates) {
        supersede(offered, lost);
    }
    if ((conflates || by_topic_) && !fits(offered)) {
        supersede_all(lost);
    }
    for (std::size_t at = oldest_that_yields(); at < waiting_.entries() && !fits(offered);
        at = oldest_that_yields()) {
        waiting_.lose(at);
        count(drop_reason::oldest, lost);
    }
    return fits(offered);
}

/// The end without one.
std::size_t event_queue::oldest_that_yields() const noexcept {
    std::size_t at = waiting_.first_free();
    while (at < waiting_.entries() && !yields(*waiting_.entry_at(at))) {
        ++at;
    }
    return at;
}

bool event_queue::drop_newest(const entry& offered, drop_reason why, drop_counts& lost) noexcept {
    count(why, lost);
    waiting_.leave_gap_behind({offered.id, offered.id.sequence, 1});
    return false;
}

void event_queue::drop_older(std::uint64_t than, drop_counts& lost) {
    for (std::size_t at = waiting_.first_free_event();
        at < waiting_.entries() && waiting_.entry_at(at)->id.sequence < than;
        at = waiting_.first_free_event()) {
        waiting_.lose(at);
        count(drop_reason::memory, lost);
    }
}

void event_queue::supersede(const entry& by, drop_counts& lost) noexcept {
    const std::string_view key = frame_access::key(by.content);
    for (std::size_t at = waiting_.entries(); at-- > waiting_.first_free();) {
        const entry& older = *waiting_.entry_at(at);
        if (older.is_event() && older.topic == by.topic &&
            frame_access::key(older.content) == key) {
            count(drop_reason::conflated, lost);
            waiting_.erase(at);
            return;
        }
    }
}

void event_queue::supersede_all(drop_counts& lost) {
    std::set<std::pair<const counters*, std::string_view>> seen;
    const std::size_t first = waiting_.first_free();
    // What stays of an erased event's key is its equal of a newer one.
    for (std::size_t at = waiting_.entries(); at-- > first;) {
        const entry& each = *waiting_.entry_at(at);
        if (obeys(each, overflow_policy::conflate) &&
            !seen.insert({each.topic, frame_access::key(each.content)}).second) {
            count(drop_reason::conflated, lost);
            waiting_.erase(at);
        }
    }
}

/// Whether one that nothing may be lost of waits, and is older.
bool event_queue::must_not_lose_older(std::uint64_t before) const noexcept {
    for (std::size_t at = waiting_.first_free(); by_topic_ && at < waiting_.entries(); ++at) {
        const entry& each = *waiting_.entry_at(at);
        if (obeys(each, overflow_policy::disconnect) && each.id.sequence < before) {
            return true;
        }
    }
    return false;
}

/// Puts a signal in the place of what waits, or of the last of it where other topics' events stay:
/// before those, it would tell the client to go on after what it has not got.
bool event_queue::signal_change(const entry_ptr& newest, drop_counts& lost) {
    std::size_t first = waiting_.first_free_event();
    if (by_topic_) {
        if (waiting_.ends_in_gap()) {
            return drop_newest(*newest, drop_reason::signalled, lost);
        }
        first = waiting_.entries();
        while (first > waiting_.first_free() &&
               obeys(*waiting_.entry_at(first - 1), overflow_policy::signal)) {
            --first;
        }
    }
    replace_by_signal(first, newest, lost);
    return true;
}

/// One event without data in the place of all from there on and of the newest, which may be there.
void event_queue::replace_by_signal(std::size_t first, const entry_ptr& newest, drop_counts& lost) {
    const event_id last = newest->id;
    const bool waits =
        waiting_.entries() > 0 && waiting_.entry_at(waiting_.entries() - 1) == newest;
    const std::string id = to_string(last);
    event_view changed;
    changed.type = signal_type;
    changed.id = waiting_.tells_gaps() ? std::string_view{id} : std::string_view{};
    const entry_ptr made{
        new entry{frame_access::make(changed, signal_type, waiting_.account()).value(), last}};
    made->policy = overflow_policy::signal;
    waiting_.reserve_one();
    // Gaps too: with the id of one, the client would go on past the events that were before it.
    for (std::size_t at = first; at < waiting_.entries(); ++at) {
        const entry& each = *waiting_.entry_at(at);
        count(drop_reason::signalled, lost, each.is_event() && !is_signal(each) ? 1 : 0);
    }
    if (!waits) {
        count(drop_reason::signalled, lost);
    }
    waiting_.erase_from(first);
    waiting_.append(made);
}

/// Without a gap: the reader ends, and goes on after what it has got.
void event_queue::give_up(drop_reason why, drop_counts& lost) noexcept {
    overflowed_ = true;
    for (std::size_t at = waiting_.first_free(); at < waiting_.entries(); ++at) {
        count(why, lost, waiting_.entry_at(at)->is_event() ? 1 : 0);
    }
    waiting_.erase_from(waiting_.first_free());
}

void event_queue::count(drop_reason why, drop_counts& lost, std::uint64_t events) noexcept {
    dropped_ += events;
    lost[static_cast<std::size_t>(why)] += events;
}

} // namespace crier::detail
