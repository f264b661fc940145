#include "gap_keeping.hpp"

#include <algorithm>
#include <span>

namespace crier::detail {
namespace {

entry_ptr overflow_gap(event_id first, event_id last, std::uint64_t events) {
    return gap_entry({gap_reason::overflow, to_string(first), last, events});
}

/// Whether there is a gap that more can be added to.
bool is_open_gap(const entry_queue& in, std::size_t at) noexcept {
    if (at < in.first_free() || at >= in.size()) {
        return false;
    }
    const gap* const lost = in.entries()[at]->lost.get();
    return lost != nullptr && lost->reason == gap_reason::overflow;
}

void grow(entry& before, event_id last, std::uint64_t events) {
    before.lost->to = before.id = last;
    *before.lost->count += events;
    before.content = frame{}; // it told of less
}

} // namespace

void leave_gap_at(entry_queue& in, std::size_t at) {
    const event_id id = in.entries()[at]->id;
    if (at > 0 && is_open_gap(in, at - 1)) {
        entry& before = *in.entries()[at - 1];
        grow(before, id, 1);
        in.erase(at);
        if (is_open_gap(in, at)) {
            const gap& after = *in.entries()[at]->lost;
            grow(before, after.to, *after.count);
            in.erase(at);
        }
    } else if (is_open_gap(in, at + 1)) {
        entry& after = *in.entries()[at + 1];
        after.lost->from = to_string(id);
        ++*after.lost->count;
        after.content = frame{};
        in.erase(at);
    } else {
        in.replace(at, overflow_gap(id, id, 1));
    }
}

void leave_gap_behind(entry_queue& all, event_id first, event_id last, std::uint64_t events) {
    if (all.empty() || !is_open_gap(all, all.size() - 1)) {
        all.append(overflow_gap(first, last, events));
        return;
    }
    // Those of several topics that were refused meanwhile overlap.
    entry& before = *all.entries().back();
    grow(before, std::max(before.id, last), events);
}

} // namespace crier::detail
