#include "reading_back.hpp"

#include "journal_reader.hpp"
#include "manager_core.hpp"
#include "resumption.hpp"
#include "waking.hpp"

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

std::uint64_t reading_back::common::newest() const noexcept {
    return std::max(of.sequence, journal != nullptr ? journal->newest() : 0);
}

// --- beginning

void reading_back::begin(common& by, subscriber& who, std::string_view last_event_id) {
    std::unique_ptr<reading_back> past{new reading_back{by, who}};
    const bool resumes = by.of.options.ids && !last_event_id.empty();
    const bool has_past = resumes ? past->begin_after(last_event_id) : past->begin_with_retained();
    by.resumed += resumes ? 1 : 0;
    if (has_past) {
        past->hold();
        who.past = std::move(past);
        who.is_behind = true;
    }
}

/// At the present, for now.
reading_back::reading_back(common& by, subscriber& who) : by_{by}, who_{who} {
    for (const membership& each : who.memberships) {
        topic& read = *each.in->of;
        read.kept.evict(clock::now());
        sources_.push_back({&read, false, by_.of.sequence, read.endings});
        sources_.back().told = sources_.back().evicted_through();
        sources_.back().awaits_follow = !read.is_followed;
    }
}

/// Tells whether there is something to be read, a gap included.
bool reading_back::begin_after(std::string_view last_event_id) {
    std::optional<std::uint64_t> own;
    bool may_be_in_journal = false;
    bool must_wait = false;
    for (const source& each : sources_) {
        if (const auto found = each.of->kept.find(last_event_id)) {
            own = std::min(own.value_or(*found), *found);
        }
        may_be_in_journal = may_be_in_journal || each.is_older_in_journal();
        must_wait = must_wait || !each.of->is_followed;
    }
    const std::optional<event_id> cursor =
        own ? event_id{by_.of.epoch, *own} : parse_event_id(last_event_id);
    const bool is_numbered = cursor && cursor->epoch == by_.of.epoch;
    must_wait = must_wait || (may_be_in_journal && !own && !is_numbered) ||
                (by_.of.shared != nullptr && is_numbered && cursor->sequence > by_.of.sequence);
    if (must_wait) {
        unresolved_ = last_event_id;
        return true;
    }
    return go_on_after(last_event_id, cursor);
}

/// Finds out where the client is. False: that is being looked up.
bool reading_back::resolve(const std::shared_ptr<shard>& on) {
    if (!are_followed(on)) {
        return false;
    }
    const auto numbered = parse_event_id(*unresolved_);
    const bool is_numbered = numbered && numbered->epoch == by_.of.epoch;
    if (is_numbered && !is_far_enough(numbered->sequence, on)) {
        return false;
    }
    std::optional<std::uint64_t> own;
    bool is_known = true;
    for (const source& each : sources_) {
        if (each.is_older_in_journal() && !is_numbered) {
            const auto found = by_.journal->find_id(*each.of, *unresolved_, {&who_, on});
            is_known = is_known && found.has_value();
            if (found && *found != 0) {
                own = std::min(own.value_or(*found), *found);
            }
        }
    }
    if (is_known) {
        go_on_after(*unresolved_, own ? event_id{by_.of.epoch, *own} : numbered);
        unresolved_.reset();
    }
    return is_known;
}

/// Whether the number was given, or the engine has said since the client came that it was not. An
/// answer on its way may be older than the client.
bool reading_back::is_far_enough(std::uint64_t sequence, const std::shared_ptr<shard>& on) {
    if (sequence <= by_.newest()) {
        return true;
    }
    const std::uint64_t answers = by_.journal->newest_answers();
    if (!newest_after_) {
        newest_after_ = answers + 2;
    }
    if (answers >= *newest_after_) {
        return true;
    }
    by_.journal->ask_newest({&who_, on});
    return false;
}

bool reading_back::are_followed(const std::shared_ptr<shard>& on) {
    bool all = true;
    for (source& each : sources_) {
        all = await_follow(each, on) && all;
    }
    return all;
}

/// What is published from the time on that a topic is followed arrives. False: it is not followed
/// yet.
bool reading_back::await_follow(source& of, const std::shared_ptr<shard>& on) {
    if (!of.of->is_followed) {
        if (!of.of->is_retired) { // which nobody would wake it for
            of.of->awaiting.push_back(std::make_unique<waking>(waiting_reader{&who_, on}));
        }
        return false;
    }
    of.begin_followed();
    return true;
}

bool reading_back::go_on_after(std::string_view last_event_id, std::optional<event_id> cursor) {
    std::uint64_t evicted = 0;
    for (const source& each : sources_) {
        evicted = std::max(evicted, each.evicted_through());
    }
    resumption decided = resume_after(last_event_id, cursor, {by_.of.epoch, by_.newest()}, evicted);
    for (source& each : sources_) {
        each.after = decided.after;
    }
    // Who reads one topic has all of it up to there. Of several, one may have been late.
    if (decided.after > by_.of.sequence || who_.memberships.size() == 1) {
        who_.had = decided.after;
        by_.of.furthest_resumed = std::max(by_.of.furthest_resumed, decided.after);
    }
    add_values(decided.after, decided.missing.has_value());
    if (decided.missing) {
        tell(std::move(*decided.missing));
    }
    return decided.missing || has_past();
}

bool reading_back::begin_with_retained() {
    for (source& each : sources_) {
        begins_together_ = begins_together_ || each.awaits_follow;
        each.begin_with_retained();
    }
    add_values(0, true);
    return has_past();
}

/// What came while some of the topics were not followed yet is from before the first event of the
/// stream: of a part of them it could not be complete. False: some are not followed yet.
bool reading_back::begin_together(const std::shared_ptr<shard>& on) {
    if (!are_followed(on)) {
        return false;
    }
    std::uint64_t first = 0;
    for (const source& each : sources_) {
        first = std::max(first, each.after);
    }
    for (source& each : sources_) {
        if (!each.is_values) {
            each.after = first;
            each.begin_with_retained();
        }
    }
    begins_together_ = false;
    return true;
}

bool reading_back::has_past() const noexcept {
    return earliest() != nullptr || std::ranges::any_of(sources_, &source::needs_journal);
}

/// Sees to it that what comes next of a topic is here. False: it is being read.
bool reading_back::fetch(source& into, const std::shared_ptr<shard>& on) {
    if (!await_follow(into, on)) {
        return false;
    }
    while (into.needs_journal()) {
        const waiting_reader waits{&who_, on};
        if (into.is_values || into.awaits_retained) {
            by_.journal->load(*into.of, waits);
            return false;
        }
        if (!into.piece || !into.piece->covers(into.after)) {
            journal_piece_ptr found =
                by_.journal->find(*into.of, into.after, into.of->kept.evicted_through(), waits);
            if (!found) {
                return false;
            }
            tell_evicted(into, found->evicted_through);
            into.piece = std::move(found);
        }
        if (into.next() != nullptr) {
            return true;
        }
        into.after = into.piece->through;
    }
    into.piece.reset();
    into.take_up_retained();
    return true;
}

/// For who goes on without a gap, a history has what has changed.
void reading_back::add_values(std::uint64_t after, bool all) {
    const std::size_t histories = sources_.size();
    for (std::size_t i = 0; i < histories; ++i) { // NOLINT(modernize-loop-convert): they grow
        const source& each = sources_[i];
        if (each.of->values && (all || each.of->is_state())) {
            sources_.push_back({each.of, true, after, each.endings});
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
            by_.of.topics.note_use(*each.of);
        }
    }
}

// --- reading

reading_back::progress reading_back::read_piece(const std::shared_ptr<shard>& on) {
    for (const membership& each : who_.memberships) {
        by_.of.topics.note_use(*each.in->of);
    }
    if ((begins_together_ && !begin_together(on)) || (unresolved_ && !resolve(on)) ||
        !fetch_all(on)) {
        return progress::waits;
    }
    tell_evicted();
    const queue_limits most = piece_of(who_.pending.limits());
    std::size_t bytes = 0;
    for (std::size_t events = 0; events < most.events && bytes <= most.bytes; ++events) {
        if (by_.journal != nullptr && events > 0 && !fetch_all(on)) {
            return progress::more; // what is here already goes first
        }
        const source* const from = earliest();
        if (from == nullptr) {
            // What was read back, it needs not get again where it is published again.
            who_.joined = has_newest() ? 0 : by_.of.sequence;
            return progress::done;
        }
        const record& first = *from->next();
        if (first.sequence < read_through_) {
            miss_late(*from->of, first.sequence);
            continue;
        }
        const entry_ptr read{new entry{first.content, {by_.of.epoch, first.sequence}}};
        from->of->sign(*read);
        bytes += first.content.text().size();
        who_.pending.append(read);
        read_through_ = read->id.sequence;
        mark_read(*from->of, read->id.sequence);
    }
    return progress::more;
}

/// False: something that may come next is being read.
bool reading_back::fetch_all(const std::shared_ptr<shard>& on) {
    bool are_here = true;
    for (source& each : sources_) {
        are_here = fetch(each, on) && are_here;
    }
    return are_here;
}

/// Tells what has gone before it was read.
void reading_back::tell_evicted() {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    for (const source& each : sources_) {
        const std::uint64_t known = std::max(each.told, each.after);
        const std::uint64_t evicted = each.evicted_through();
        if (!each.is_values && evicted > known) {
            first = last == 0 ? known + 1 : std::min(first, known + 1);
            last = std::max(last, evicted);
        }
    }
    if (by_.of.options.ids && last > 0) {
        tell({gap_reason::evicted, to_string(event_id{by_.of.epoch, first}), {by_.of.epoch, last},
            {}});
    }
    // Where telling throws, it is told once more.
    for (source& each : sources_) {
        each.told = std::max(each.told, each.evicted_through());
    }
}

/// The same of one that a journal keeps no more.
void reading_back::tell_evicted(source& from, std::uint64_t through) {
    const std::uint64_t known = std::max(from.told, from.after);
    if (by_.of.options.ids && through > known) {
        tell({gap_reason::evicted, to_string(event_id{by_.of.epoch, known + 1}),
            {by_.of.epoch, through}, {}});
    }
    from.told = std::max(from.told, through);
}

/// A client that is cut off after it comes back for all that is left of the events up to its end,
/// and for none that it has got before.
void reading_back::tell(gap missing) {
    std::uint64_t left_from = missing.to.sequence + 1;
    for (const source& each : sources_) {
        if (each.needs_journal()) {
            left_from = std::min(left_from, each.after + 1);
        } else if (const record* const next = each.next()) {
            left_from = std::min(left_from, next->sequence);
        }
    }
    left_from = std::max(left_from, read_through_ + 1);
    if (left_from <= missing.to.sequence) {
        missing.id = event_id{by_.of.epoch, left_from - 1};
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

/// What has arrived late, after later ones of other topics were read, would be out of order.
void reading_back::miss_late(topic& of, std::uint64_t sequence) noexcept {
    drop_counts lost{};
    who_.pending.miss({by_.of.epoch, sequence}, read_through_, 1, lost);
    of.counts->add(0, 0, lost);
    by_.of.counts->add(0, 0, lost);
    mark_read(of, sequence);
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
