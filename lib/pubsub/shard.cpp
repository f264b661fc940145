#include "shard.hpp"

#include "async/executors.hpp"
#include "escaped.hpp"
#include "lane.hpp"
#include "prefetch.hpp"
#include "shedding.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

namespace crier::detail {
namespace {

/// How much room an inbox keeps after a burst.
constexpr std::size_t most_kept_items = 4096;

/// Asks for the memory of those who come next while the kernel is busy with one: waiting for it
/// would else be most of our part in a delivery. Each step needs what the one before has brought.
void fetch_ahead(const std::vector<std::shared_ptr<subscriber>>& members, std::size_t at) noexcept {
    // What of each is touched for an event.
    constexpr std::size_t subscriber_bytes = 128;
    constexpr std::size_t reader_bytes = 192;
    if (at + 3 < members.size()) {
        prefetch(members[at + 3].get(), subscriber_bytes);
    }
    if (at + 2 < members.size()) {
        prefetch(members[at + 2]->read_by, reader_bytes);
    }
    if (at + 1 < members.size()) {
        if (const reader* const next = members[at + 1]->read_by) {
            next->fetch();
        }
    }
}

} // namespace

alarms& shard::timing() {
    if (!alarms_) {
        alarms_ = std::make_shared<alarms>(executor_);
    }
    return *alarms_;
}

void shard::post_drain() {
    try {
        post_typed(
            executor_, bind_memory(drain_memory_, [self = shared_from_this()] { self->drain(); }));
    } catch (...) {
        inbox_.forgive_drain();
        throw;
    }
}

void shard::drain() {
    inbox_.swap(taken_);
    for (inbox::item& what : taken_) {
        attempt([&] { std::visit([this](auto& each) { this->take(each); }, what); });
    }
    // Only now, so that a session finds all that is there and writes it at once. It may end and go
    // meanwhile, but what keeps the subscriber is let go by a later drain, or stands in `taken_`.
    for (subscriber* const woken : dirty_) {
        woken->dirty = false;
        tell(*woken, [](reader& by) { by.wake(); });
    }
    dirty_.clear();
    // After the wake-ups, so that what came before the end is read before it.
    for (subscriber* const closed : closing_) {
        tell(*closed, [](reader& by) { by.close(); });
    }
    closing_.clear();
    taken_.clear();
    if (taken_.capacity() > most_kept_items) {
        taken_.shrink_to_fit();
    }
    if (failure_) {
        std::rethrow_exception(std::exchange(failure_, nullptr));
    }
}

/// What one throws must not keep the others from theirs.
template <class Action>
void shard::attempt(Action action) {
    try {
        action();
    } catch (...) {
        failure_ = std::current_exception();
    }
}

template <class Action>
void shard::tell(subscriber& who, Action action) {
    if (who.read_by != nullptr) {
        attempt([&] { action(*who.read_by); });
    }
}

void shard::take(inbox::arrival& what) {
    const entry_ptr shared{new entry{std::move(what.content), what.id}};
    shared->topic = what.in->topic_counts.get();
    shared->key = std::move(what.key);
    std::uint64_t delivered = 0;
    drop_counts lost{};
    // Where more has come, it goes out with it in one write, after all was queued.
    const bool is_alone = taken_.size() == 1;
    const clock::time_point now = is_alone ? clock::now() : clock::time_point{};
    const std::vector<std::shared_ptr<subscriber>>& members = what.in->members;
    for (std::size_t i = 0; i < members.size(); ++i) {
        subscriber& member = *members[i];
        fetch_ahead(members, i);
        if (member.joined < what.only_since) {
            continue;
        }
        if (is_alone && hand_over(member, shared, now)) {
            ++delivered;
            continue;
        }
        make_room(member, *shared);
        delivered += queue(member, shared, *what.in, lost) ? 1 : 0;
    }
    what.in->count(delivered, delivered * shared->content.text().size(), lost);
}

/// Passes the queue by, where nothing waits in it.
bool shard::hand_over(subscriber& to, const entry_ptr& only, clock::time_point now) {
    bool taken = false;
    if (to.pending.empty()) {
        tell(to, [&](reader& by) { taken = by.take(only, now); });
    }
    return taken;
}

/// Lets a reader write first that has just been given more: it loses something only where its
/// client does not take what is written now.
void shard::make_room(subscriber& of, const entry& next) {
    if (of.dirty && !of.pending.fits(next)) {
        tell(of, [](reader& by) { by.wake(); });
    }
}

/// Tells whether there is something new to read.
bool shard::queue(subscriber& of, const entry_ptr& added, const lane& in, drop_counts& lost) {
    const std::uint64_t before = of.pending.dropped();
    const bool overflowed = of.pending.overflowed();
    const bool is_new = of.pending.offer(added, lost);
    if (is_new) {
        wake(of);
    }
    if (of.pending.dropped() > before) {
        log_drop(in.topic, of);
    }
    if (!overflowed && of.pending.overflowed()) {
        closing_.push_back(&of);
    }
    return is_new;
}

void shard::take(inbox::join& what) {
    auto& places = what.who->places;
    places.reserve(places.size() + 1);
    what.in->members.push_back(what.who);
    places.push_back({what.in.get(), what.in->members.size() - 1});
    settle(*what.who);
}

void shard::settle(subscriber& who) {
    if (!who.is_linked()) {
        residents_.push_back(who);
    }
}

void shard::take(inbox::leave& what) {
    closing_.push_back(what.who.get());
    auto& places = what.who->places;
    const auto place = std::ranges::find(places, what.in.get(), &subscriber::place::in);
    if (place == places.end()) {
        return; // its joining failed half way
    }
    auto& members = what.in->members;
    const std::shared_ptr<subscriber> last = std::move(members.back());
    members.pop_back();
    if (last != what.who) {
        std::ranges::find(last->places, what.in.get(), &subscriber::place::in)->index =
            place->index;
        members[place->index] = last;
    }
    places.erase(place);
}

void shard::take(inbox::end& what) {
    for (const std::shared_ptr<subscriber>& member : what.in->members) {
        member->shut_down = true;
        closing_.push_back(member.get());
    }
}

void shard::take(inbox::cut& what) {
    for (const std::shared_ptr<subscriber>& member : what.in->members) {
        closing_.push_back(member.get());
    }
}

void shard::take(inbox::refusal& what) {
    drop_counts lost{};
    for (const std::shared_ptr<subscriber>& member : what.in->members) {
        if (member->joined < what.only_since) {
            continue;
        }
        member->pending.miss(what.first, what.last, what.count, lost);
        log_drop(what.in->topic, *member);
        wake(*member);
    }
    what.in->count(0, 0, lost);
}

void shard::take(inbox::shed& what) {
    drop_counts lost{};
    std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
    for (subscriber& each : residents_) {
        if (each.pending.oldest() < what.before) {
            each.pending.shed(what.before, lost);
            log_drop(
                each.places.empty() ? std::string_view{} : each.places.front().in->topic, each);
            if (each.pending.overflowed()) {
                closing_.push_back(&each);
            }
        }
        oldest = std::min(oldest, each.pending.oldest());
    }
    what.all_counts->add(0, 0, lost);
    if (!what.round) {
        return;
    }
    std::uint64_t known = what.round->oldest;
    while (oldest < known && !what.round->oldest.compare_exchange_weak(known, oldest)) {
    }
    if (!residents_.empty()) {
        what.round->has_answer = true;
    }
    what.round.reset();
}

void shard::wake(subscriber& who) {
    if (!std::exchange(who.dirty, true)) {
        dirty_.push_back(&who);
    }
}

void shard::log_drop(std::string_view topic, subscriber& who) const {
    if (!std::exchange(who.drop_logged, true)) {
        (*log_)(severity::warning, "subscriber " + std::to_string(who.id) + " of topic " +
                                       escaped(topic) +
                                       " is full and misses events; further ones are counted only");
    }
}

} // namespace crier::detail
