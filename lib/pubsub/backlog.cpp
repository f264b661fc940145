#include "backlog.hpp"

#include "gap_keeping.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <utility>

namespace crier::detail {
namespace {

/// Of a signal, its type and key: those of other events begin with a letter for what they are.
constexpr std::string_view signal_type = "crier.signal";

} // namespace

bool backlog::overflow(const entry_ptr& offered, drop_counts& lost) {
    if (overflowed_) {
        count(drop_reason::disconnected, lost);
        return false;
    }
    switch (limits_.overflow) {
    case overflow_policy::drop_newest: return drop_newest(*offered, lost);
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

void backlog::miss(event_id first, event_id last, std::uint64_t events, drop_counts& lost) {
    count(drop_reason::memory, lost, events);
    // A reader that ends goes on after what it has got: a gap would put it past what it has not.
    if (!overflowed_) {
        leave_gap(first, last, events);
    }
}

void backlog::shed(std::uint64_t before, drop_counts& lost) {
    switch (limits_.overflow) {
    case overflow_policy::signal:
        if (oldest() < before) {
            coalesce(entries().back(), lost);
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
    const auto free = entries().subspan(std::min(first_free(), size()));
    // A signal has nothing to give.
    const auto found = std::ranges::find_if(
        free, [](const entry_ptr& each) { return each->is_event() && each->key != signal_type; });
    return found == free.end() ? std::numeric_limits<std::uint64_t>::max() : (*found)->id.sequence;
}

bool backlog::drop_newest(const entry& offered, drop_counts& lost) {
    count(drop_reason::newest, lost);
    leave_gap(offered.id, offered.id, 1);
    return false;
}

bool backlog::drop_oldest_for(const entry_ptr& offered, drop_counts& lost) {
    while (!fits(*offered)) {
        const std::size_t at = oldest_free_event();
        if (at == size()) {
            return drop_newest(*offered, lost);
        }
        lose(at, drop_reason::oldest, lost);
    }
    append(offered);
    return true;
}

void backlog::supersede(const entry& by, drop_counts& lost) {
    for (std::size_t at = size(); at-- > first_free();) {
        const entry& older = *entries()[at];
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
    for (std::size_t at = size(); at-- > first;) {
        const entry& each = *entries()[at];
        if (each.is_event() && !seen.insert({each.topic, each.key}).second) {
            count(drop_reason::conflated, lost);
            erase(at);
        }
    }
}

/// One event without data in the place of all that waits and of the newest, which may be there.
void backlog::coalesce(const entry_ptr& newest, drop_counts& lost) {
    const entry_ptr last = newest; // NOLINT(performance-unnecessary-copy-initialization): it may go
    const bool waits = !empty() && entries().back() == last;
    // Gaps too: with the id of one, the client would go on past the events that were before it.
    for (std::size_t at = size(), first = oldest_free_event(); at-- > first;) {
        if (entries()[at]->is_event() && entries()[at]->key != signal_type) {
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

/// Without a gap: the reader ends, and goes on after what it has got.
void backlog::give_up(drop_reason why, drop_counts& lost) {
    overflowed_ = true;
    for (std::size_t at = size(); at-- > first_free();) {
        count(why, lost, entries()[at]->is_event() ? 1 : 0);
        erase(at);
    }
}

void backlog::lose(std::size_t at, drop_reason why, drop_counts& lost) {
    count(why, lost);
    if (tells_gaps_) {
        leave_gap_at(*this, at);
    } else {
        erase(at);
    }
}

void backlog::lose_all(std::uint64_t before, drop_reason why, drop_counts& lost) {
    for (std::size_t at = oldest_free_event(); at < size() && entries()[at]->id.sequence < before;
        at = oldest_free_event()) {
        lose(at, why, lost);
    }
}

void backlog::leave_gap(event_id first, event_id last, std::uint64_t events) {
    if (tells_gaps_) {
        leave_gap_behind(*this, first, last, events);
    }
}

void backlog::count(drop_reason why, drop_counts& lost, std::uint64_t events) noexcept {
    dropped_ += events;
    lost[static_cast<std::size_t>(why)] += events;
}

} // namespace crier::detail
