#include "reading_back.hpp"

#include "resumption.hpp"
#include "subscriber.hpp"
#include "topic_table.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace crier::detail {
namespace {

/// What a piece may hold. The rest of the queue is for what is published before it has been sent.
/// However large the queue is, publishers are not to wait long while a piece is copied.
queue_limits piece_of(const queue_limits& limits) noexcept {
    constexpr queue_limits most{.events = 512, .bytes = std::size_t{1024} * 1024};
    return {.events = std::clamp<std::size_t>(limits.events / 2, 1, most.events),
        .bytes = std::min(limits.bytes / 2, most.bytes)};
}

} // namespace

const record* reading_back::source::next() const noexcept {
    return is_values && of->values ? of->values->first_after(after) : of->kept.first_after(after);
}

// --- beginning

void reading_back::begin(
    common& by, subscriber& who, std::string_view last_event_id, std::uint64_t newest) {
    std::unique_ptr<reading_back> past{new reading_back{by, who, newest}};
    const bool resumes = by.has_ids && !last_event_id.empty();
    const bool has_past =
        resumes ? past->begin_after(last_event_id, newest) : past->begin_with_retained();
    by.resumed += resumes ? 1 : 0;
    if (has_past) {
        past->hold();
        who.past = std::move(past);
        who.is_behind = true;
    }
}

/// At the present, for now.
reading_back::reading_back(common& by, subscriber& who, std::uint64_t newest) : by_{by}, who_{who} {
    for (const membership& each : who.memberships) {
        topic& read = *each.in->of;
        read.kept.evict(clock::now());
        sources_.push_back({&read, false, newest, read.endings, read.evicted_through()});
    }
}

/// Tells whether there is something to be read, a gap included.
bool reading_back::begin_after(std::string_view last_event_id, std::uint64_t newest) {
    std::optional<event_id> cursor = parse_event_id(last_event_id);
    std::uint64_t evicted = 0;
    std::optional<std::uint64_t> own;
    for (const source& each : sources_) {
        evicted = std::max(evicted, each.of->evicted_through());
        if (const auto found = each.of->kept.find(last_event_id)) {
            own = std::min(own.value_or(*found), *found);
        }
    }
    if (own) {
        cursor = event_id{by_.epoch, *own};
    }
    resumption decided = resume_after(last_event_id, cursor, {by_.epoch, newest}, evicted);
    for (source& each : sources_) {
        each.after = decided.after;
    }
    add_values(decided.after, decided.missing.has_value());
    if (decided.missing) {
        tell(std::move(*decided.missing));
    }
    return decided.missing || earliest() != nullptr;
}

bool reading_back::begin_with_retained() {
    bool has_past = false;
    for (source& each : sources_) {
        const record* const newest = each.of->kept.newest();
        if (each.of->settings.retain == retention::newest && newest != nullptr) {
            each.after = newest->sequence - 1;
            has_past = true;
        }
    }
    add_values(0, true);
    return has_past || earliest() != nullptr;
}

/// For who goes on without a gap, a history has what has changed.
void reading_back::add_values(std::uint64_t after, bool all) {
    const std::size_t histories = sources_.size();
    for (std::size_t i = 0; i < histories; ++i) { // NOLINT(modernize-loop-convert): they grow
        const source& each = sources_[i];
        if (each.of->values && (all || each.of->is_state())) {
            sources_.push_back({each.of, true, after, each.endings, each.told});
        }
    }
}

/// Lets the topics keep what is published until the subscriber has read so far.
void reading_back::hold() noexcept {
    holds_ = true;
    for (const membership& each : who_.memberships) {
        each.in->of->kept.hold(who_.pending.limits().events, who_.pending.limits().bytes);
        ++each.in->of->readers;
    }
}

reading_back::~reading_back() {
    for (const source& each : sources_) {
        if (holds_ && !each.is_values && --each.of->readers == 0) {
            each.of->kept.limit(each.of->settings.history);
            by_.topics.note_use(*each.of);
        }
    }
}

// --- reading

bool reading_back::read_piece(std::uint64_t newest) {
    for (const membership& each : who_.memberships) {
        by_.topics.note_use(*each.in->of);
    }
    tell_evicted();
    const queue_limits most = piece_of(who_.pending.limits());
    std::size_t bytes = 0;
    for (std::size_t events = 0; events < most.events && bytes <= most.bytes; ++events) {
        const source* const from = earliest();
        if (from == nullptr) {
            // What was read back, it needs not get again where it is published again.
            who_.joined = has_newest() ? 0 : newest;
            return false;
        }
        const record& first = *from->next();
        const entry_ptr read{new entry{first.content, {by_.epoch, first.sequence}}};
        from->of->sign(*read);
        bytes += first.content.text().size();
        who_.pending.append(read);
        mark_read(*from->of, read->id.sequence);
    }
    return true;
}

/// Tells what has gone before it was read.
void reading_back::tell_evicted() {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    for (const source& each : sources_) {
        const std::uint64_t known = std::max(each.told, each.after);
        const std::uint64_t evicted = each.of->evicted_through();
        if (!each.is_values && evicted > known) {
            first = last == 0 ? known + 1 : std::min(first, known + 1);
            last = std::max(last, evicted);
        }
    }
    if (by_.has_ids && last > 0) {
        tell({gap_reason::evicted, to_string(event_id{by_.epoch, first}), {by_.epoch, last}, {}});
    }
    // Where telling throws, it is told once more.
    for (source& each : sources_) {
        each.told = std::max(each.told, each.of->evicted_through());
    }
}

/// A client that is cut off after it comes back for all that is left of the events up to its end.
void reading_back::tell(gap missing) {
    const source* const from = earliest();
    if (from != nullptr && from->next()->sequence <= missing.to.sequence) {
        missing.id = event_id{by_.epoch, from->next()->sequence - 1};
    }
    const gap_reason why = missing.reason;
    who_.pending.append(gap_entry(std::move(missing)));
    ++by_.gaps[static_cast<std::size_t>(why)];
}

/// The source whose next event comes first; none at the end.
const reading_back::source* reading_back::earliest() const noexcept {
    const source* first = nullptr;
    std::uint64_t least = 0;
    for (const source& each : sources_) {
        const record* const next = each.next();
        if (next != nullptr && (first == nullptr || next->sequence < least)) {
            first = &each;
            least = next->sequence;
        }
    }
    return first;
}

/// Takes an event for read, whichever of the topic's sources it was in.
void reading_back::mark_read(const topic& of, std::uint64_t sequence) noexcept {
    for (source& each : sources_) {
        if (each.of.get() == &of && each.after < sequence) {
            each.after = sequence;
        }
    }
}

bool reading_back::has_newest() const noexcept {
    return std::ranges::all_of(who_.memberships, [](const membership& each) {
        const record* const last = each.in->of->kept.newest();
        return last != nullptr && last->sequence == each.in->of->last_publish;
    });
}

end_kind reading_back::how_ended() const noexcept {
    end_kind how = end_kind::none;
    for (const source& each : sources_) {
        if (each.endings != each.of->endings) {
            how = std::max(how, each.of->ended_by);
        }
    }
    return how;
}

} // namespace crier::detail
