#include "replay.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace crier::detail {

void replay::begin(subscriber& who, std::string_view last_event_id, std::uint64_t newest) {
    auto past = std::make_unique<reading_back>(newest);
    for (const membership& each : who.memberships) {
        each.in->of->kept.evict(clock::now());
        past->add(*each.in->of);
    }
    const bool resumes = has_ids_ && !last_event_id.empty();
    const bool has_past =
        resumes ? past->begin_after(last_event_id, {epoch_, newest}) : past->begin_with_retained();
    if (past->first_gap()) {
        tell(who, std::move(*past->first_gap()));
    }
    resumed_ += resumes ? 1 : 0;
    if (!has_past) {
        return;
    }
    for (const membership& each : who.memberships) {
        // For what is published until the subscriber has read so far.
        each.in->of->kept.hold(who.pending.limits().events, who.pending.limits().bytes);
        ++each.in->of->readers;
    }
    who.past = std::move(past);
    who.is_behind = true;
}

replay::state replay::read_piece(subscriber& who, std::uint64_t newest) {
    for (const membership& each : who.memberships) {
        topics_.kept(*each.in->of); // it is used
    }
    if (const auto evicted = has_ids_ ? who.past->evicted(epoch_) : std::nullopt) {
        tell(who, *evicted);
    }
    who.past->skip_evicted();
    if (!who.past->read_piece(who.pending, epoch_)) {
        return state::more;
    }
    // What was read back, it needs not get again where it is published again.
    const bool has_last = std::ranges::all_of(who.memberships, [](const membership& each) {
        const record* const last = each.in->of->kept.newest();
        return last != nullptr && last->sequence == each.in->of->last_publish;
    });
    who.joined = has_last ? 0 : newest;
    const bool has_ended = who.past->was_ended();
    stop(who);
    who.is_behind = false;
    return has_ended ? state::ended : state::done;
}

void replay::stop(subscriber& who) noexcept {
    if (!who.past) {
        return;
    }
    who.past.reset();
    for (const membership& each : who.memberships) {
        topic& read = *each.in->of;
        if (--read.readers == 0) {
            read.kept.limit(read.as.history);
            topics_.kept(read);
        }
    }
}

void replay::tell(subscriber& who, gap missing) {
    const gap_reason why = missing.reason;
    who.pending.append(gap_entry(std::move(missing)));
    ++gaps_[static_cast<std::size_t>(why)];
}

} // namespace crier::detail
