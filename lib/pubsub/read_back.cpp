#include "core.hpp"
#include "resume.hpp"

#include <algorithm>

namespace crier::detail {
namespace {

/// What a piece may hold. The rest of the queue is for what is published before it has been sent.
/// However large the queue is, publishers are not to wait long while a piece is copied.
queue_limits piece_of(const queue_limits& limits) noexcept {
    constexpr queue_limits most{.events = 512, .bytes = std::size_t{1024} * 1024};
    return {std::clamp<std::size_t>(limits.events / 2, 1, most.events),
        std::min(limits.bytes / 2, most.bytes), limits.overflow};
}

} // namespace

/// Decides what a new subscriber gets before what is published from now on.
void core::begin_reading(subscriber& who, std::string_view last_event_id) {
    who.joined = sequence_;
    who.past = std::make_unique<reading_back>();
    for (const std::shared_ptr<topic>& each : who.topics) {
        each->kept.evict_until(clock::now());
        who.past->sources.push_back({each, false, sequence_, each->cuts});
    }
    bool has_past = options_.ids && !last_event_id.empty() && resume_from(who, last_event_id);
    if (last_event_id.empty() || !options_.ids) {
        for (std::size_t i = 0; i < who.topics.size(); ++i) {
            topic& each = *who.topics[i];
            if (each.as.retain == retention::newest && each.kept.newest() != nullptr) {
                who.past->sources[i].after = each.kept.newest()->sequence - 1;
                has_past = true;
            } else if (each.values && !each.values->empty()) {
                who.past->sources.push_back({who.topics[i], true, 0, each.cuts});
                has_past = true;
            }
        }
    }
    if (!has_past) {
        who.past.reset();
        return;
    }
    for (const std::shared_ptr<topic>& each : who.topics) {
        // For what is published until the subscriber has read so far.
        each->kept.hold(who.pending.limits().events, who.pending.limits().bytes);
        ++each->readers;
    }
    who.is_behind = true;
}

/// Goes on after the client's last event. Tells whether there is something to be read back.
bool core::resume_from(subscriber& who, std::string_view last_event_id) {
    ++resumed_;
    auto& sources = who.past->sources;
    std::optional<event_id> cursor = parse_event_id(last_event_id);
    std::uint64_t evicted = 0;
    std::optional<std::uint64_t> own;
    for (const reading_back::source& each : sources) {
        evicted = std::max(evicted, each.of->kept.evicted_through());
        if (const auto found = each.of->kept.find(last_event_id)) {
            own = std::min(own.value_or(*found), *found);
        }
    }
    if (own && (!cursor || cursor->epoch != epoch_)) {
        cursor = event_id{epoch_, *own};
    }
    resumption decided = resume(last_event_id, cursor, {epoch_, sequence_}, evicted);
    bool has_past = decided.lost.has_value();
    for (reading_back::source& each : sources) {
        each.after = std::max(decided.after, each.of->kept.evicted_through());
        has_past = has_past || each.next() != nullptr;
    }
    if (decided.lost) {
        ++gaps_[static_cast<std::size_t>(decided.lost->reason)];
        who.pending.append(gap_entry(std::move(*decided.lost)));
        for (const std::shared_ptr<topic>& each : who.topics) {
            if (each->values) {
                sources.push_back({each, true, decided.after, each->cuts});
            }
        }
    }
    return has_past;
}

void core::stop_reading(subscriber& who) {
    if (!who.past) {
        return;
    }
    who.past.reset();
    for (const std::shared_ptr<topic>& each : who.topics) {
        if (--each->readers == 0) {
            each->kept.limit(each->as.history);
            if (!each->keeps_something()) {
                forget_use(*each);
            }
        }
    }
}

/// Leaves a gap for what has gone from the histories before the subscriber came to it.
void core::tell_evicted(subscriber& who) {
    std::optional<std::pair<std::uint64_t, std::uint64_t>> lost;
    for (reading_back::source& each : who.past->sources) {
        const std::uint64_t evicted = each.of->kept.evicted_through();
        if (!each.is_values && evicted > each.after) {
            lost = {std::min(lost ? lost->first : each.after + 1, each.after + 1),
                std::max(lost ? lost->second : evicted, evicted)};
            each.after = evicted;
        }
        touch(*each.of);
    }
    if (lost && options_.ids) {
        ++gaps_[static_cast<std::size_t>(gap_reason::evicted)];
        who.pending.append(gap_entry({gap_reason::evicted, to_string(event_id{epoch_, lost->first}),
            {epoch_, lost->second}, {}}));
    }
}

/// Puts a piece of the past into the queue. Tells whether it was the last one.
bool core::read_piece(subscriber& who) {
    tell_evicted(who);
    const queue_limits most = piece_of(who.pending.limits());
    std::size_t bytes = 0;
    for (std::size_t events = 0; events < most.events && bytes <= most.bytes; ++events) {
        const reading_back::source* const from = who.past->earliest();
        if (from == nullptr) {
            return true;
        }
        const record& first = *from->next();
        const entry_ptr read{new entry{first.content, {epoch_, first.sequence}}};
        read->topic = from->of->counts.get();
        read->key = first.key;
        bytes += first.content.text().size();
        who.pending.append(read);
        who.past->pass(*from->of, read->id.sequence);
    }
    return false;
}

void core::read_on(const std::shared_ptr<shard>& home, const std::shared_ptr<subscriber>& who) {
    posts owed;
    std::unique_lock lock{mutex_};
    if (!who->past) {
        who->is_behind = false;
        return;
    }
    home->settle(*who);
    if (!read_piece(*who)) {
        return;
    }
    const bool ended = std::ranges::any_of(who->past->sources,
        [](const reading_back::source& each) { return each.cuts != each.of->cuts; });
    // What was read back, it needs not get again where it is published again.
    const bool has_newest = std::ranges::all_of(who->topics, [](const auto& each) {
        const record* const newest = each->kept.newest();
        return newest != nullptr && newest->sequence == each->last_publish;
    });
    stop_reading(*who);
    who->is_behind = false;
    if (ended || shut_down_) {
        who->shut_down = shut_down_;
        lock.unlock();
        who->read_by->close();
        return;
    }
    who->joined = has_newest ? 0 : sequence_;
    join(home, who, owed);
    lock.unlock();
    post_drains(owed);
}

} // namespace crier::detail
