#include "shard.hpp"

#include "async/executors.hpp"
#include "log_line.hpp"
#include "prefetch.hpp"
#include "topic.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace crier::detail {
namespace {

/// How many of those that read back are woken between what is published. Each writes a piece.
constexpr std::size_t behind_at_once = 8;

/// Asks for the memory of those who come next while the kernel is busy with one: waiting for it
/// would else be most of our part in a delivery. Each step needs what the one before has brought.
template <class Members>
class look_ahead {
public:
    explicit look_ahead(Members& all) noexcept : end_{all.end()} {
        at_.fill(end_);
        auto next = all.begin();
        for (auto at = at_.begin(); at != at_.end() && next != end_; ++at) {
            *at = next++;
        }
    }

    void step() noexcept {
        // What of each is touched for an event.
        constexpr std::size_t subscriber_bytes = 512;
        for (auto& each : at_) {
            each = each == end_ ? end_ : std::next(each);
        }
        if (at_[2] != end_) {
            prefetch(&*at_[2], sizeof(membership));
        }
        if (at_[1] != end_) {
            prefetch(at_[1]->who, subscriber_bytes);
        }
        if (at_[0] != end_) {
            at_[0]->who->fetch_ahead();
        }
    }

private:
    const typename Members::iterator end_;
    std::array<typename Members::iterator, 3> at_;
};

/// How many events a subscriber has missed, but for a constant: what a newer one has superseded is
/// not missed.
std::uint64_t missed(const subscriber& by, const drop_counts& lost) noexcept {
    return by.pending.dropped() - lost[static_cast<std::size_t>(drop_reason::conflated)];
}

} // namespace

shard::shard(boost::asio::any_io_executor executor, std::shared_ptr<const logger> log,
    std::shared_ptr<counters> all_counts, std::weak_ptr<shed_listener> listener)
    : executor_{std::move(executor)},
      log_{std::move(log)},
      all_counts_{std::move(all_counts)},
      listener_{std::move(listener)},
      all_{&context_members<shard>::of(executor_)} {
    all_->add(*this);
}

shard::~shard() {
    if (all_ != nullptr) {
        all_->remove(*this);
    }
}

void shard::context_gone() noexcept {
    const auto self = shared_from_this();
    all_ = nullptr;
    inbox_.close();
}

owed_drains::~owed_drains() {
    while (first_) {
        const std::shared_ptr<shard> owing = std::move(first_);
        first_ = std::move(owing->next_owed_);
        owing->post_drain();
    }
}

void owed_drains::add(const std::shared_ptr<shard>& to) noexcept {
    to->next_owed_ = std::exchange(first_, to);
}

void shard::post_drain() noexcept {
    try {
        const auto self = shared_from_this();
        post_typed(
            executor_, bind_memory(std::shared_ptr<small_handler_memory>{self, &drain_memory_},
                           [self] { self->drain(); }));
    } catch (...) {
        inbox_.forgive_drain();
    }
}

void shard::owe_drain() noexcept {
    if (inbox_.owe_drain()) {
        post_drain();
    }
}

void shard::drain() {
    task_list tasks;
    inbox_.take(tasks);
    has_one_task_ = tasks.size() == 1;
    if (has_one_task_) {
        now_ = clock::now();
    }
    while (!tasks.empty()) {
        task& next = tasks.front();
        tasks.pop_front();
        next.run(*this);
        next.release();
    }
    // Only now, so that a session finds all that is there and writes it at once.
    while (!to_wake_.empty()) {
        wake_first(to_wake_);
    }
    for (std::size_t i = 0; i < behind_at_once && !behind_.empty(); ++i) {
        wake_first(behind_);
    }
    if (!behind_.empty()) {
        owe_drain();
    }
    if (failure_) {
        std::rethrow_exception(std::exchange(failure_, nullptr));
    }
}

void shard::wake_first(woken_list& of) noexcept {
    subscriber& first = of.front();
    of.pop_front();
    wake(first);
}

void delivery::run(shard& on) noexcept { on.deliver(*this); }

void shard::deliver(delivery& what) noexcept {
    const boost::intrusive_ptr<lane> in = std::move(what.in);
    if (what.is_denied()) {
        tell_denied(what, *in);
        return;
    }
    if (what.is_late) {
        deliver_late(what, *in);
        return;
    }
    const entry_ptr shared{&what};
    in->of->sign(*shared);
    std::uint64_t delivered = 0;
    drop_counts lost{};
    look_ahead ahead{in->members};
    for (const membership& each : in->members) {
        ahead.step();
        if (each.who->joined >= what.only_since) {
            const bool is_given = (has_one_task_ && hand_over(*each.who, shared)) ||
                                  queue(*each.who, shared, *in, lost);
            delivered += is_given ? 1 : 0;
        }
    }
    const std::uint64_t bytes = delivered * what.content.text().size();
    in->of->counts->add(delivered, bytes, lost);
    all_counts_->add(delivered, bytes, lost);
}

/// Who reads other topics too may have got a later number: the event would be out of order, and
/// the client could not go on after both.
void shard::deliver_late(delivery& what, const lane& in) noexcept {
    const entry_ptr shared{&what};
    in.of->sign(*shared);
    std::uint64_t delivered = 0;
    drop_counts lost{};
    for (const membership& each : in.members) {
        subscriber& member = *each.who;
        if (member.joined < what.only_since || what.id.sequence <= member.had) {
            continue;
        }
        if (what.last > what.id.sequence && member.memberships.size() > 1) {
            miss(member, what, in, lost);
        } else {
            delivered += queue(member, shared, in, lost) ? 1 : 0;
        }
    }
    const std::uint64_t bytes = delivered * what.content.text().size();
    in.of->counts->add(delivered, bytes, lost);
    all_counts_->add(delivered, bytes, lost);
}

/// Tells whether there is something new to read.
bool shard::queue(
    subscriber& of, const entry_ptr& added, const lane& in, drop_counts& lost) noexcept {
    if (of.to_wake::is_linked() && !of.pending.fits(*added)) {
        // It loses something only where its client does not take what is written now.
        wake(of);
    }
    const std::uint64_t before = missed(of, lost);
    const bool is_new = of.pending.offer(added, lost);
    if (missed(of, lost) != before) {
        log_drop(in.of->name, of);
    }
    if (!is_new && !of.pending.overflowed()) {
        return false;
    }
    if (has_one_task_) {
        wake(of); // where more has come, it goes out with it in one write
    } else {
        wake_later(of);
    }
    return is_new;
}

/// What one throws must not keep the others from theirs.
bool shard::hand_over(subscriber& to, const entry_ptr& only) noexcept {
    try {
        return to.take(only, now_);
    } catch (...) {
        failure_ = std::current_exception();
        return true;
    }
}

void shard::tell_denied(delivery& what, const lane& in) noexcept {
    drop_counts lost{};
    for (const membership& each : in.members) {
        if (each.who->joined >= what.only_since) {
            miss(*each.who, what, in, lost);
        }
    }
    in.of->counts->add(0, 0, lost);
    all_counts_->add(0, 0, lost);
}

void shard::miss(subscriber& by, const delivery& what, const lane& in, drop_counts& lost) noexcept {
    by.pending.miss(what.id, what.last, what.count, lost);
    log_drop(in.of->name, by);
    wake_later(by);
}

void shard::join(subscriber& who) noexcept {
    for (membership& each : who.memberships) {
        each.in->members.push_back(each);
    }
    add_resident(who);
}

void shard::add_resident(subscriber& who) noexcept {
    if (!who.resident::is_linked()) {
        residents_.push_back(who);
    }
}

void shard::leave(subscriber& who) noexcept {
    for (membership& each : who.memberships) {
        each.unlink();
    }
    end(who, end_kind::closed);
}

void shard::end(lane& all, end_kind how) noexcept {
    for (const membership& each : all.members) {
        end(*each.who, how);
    }
}

void shard::end(subscriber& who, end_kind how) noexcept {
    who.end = std::max(who.end, how);
    wake_later(who);
}

bool shard::shed(std::uint64_t before, owed_drains& owed) noexcept {
    shed_before_ = before;
    if (round_ != round::none) {
        leave_round();
        return false;
    }
    round_ = round::waited_for;
    owed.push(shared_from_this(), shedding_);
    return true;
}

void shard::cut_all(owed_drains& owed) noexcept { owed.push(shared_from_this(), cutting_); }

void shard::cut_now() noexcept {
    for (subscriber& each : residents_) {
        end(each, end_kind::cut);
    }
}

void shard::leave_round() noexcept {
    if (round_ != round::none) {
        round_ = round::left;
        inbox_.deny_older(shed_before_);
    }
}

void shard::shed_now() noexcept {
    const std::uint64_t before = shed_before_;
    drop_counts lost{};
    std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
    for (subscriber& each : residents_) {
        const std::uint64_t dropped = each.pending.dropped();
        const std::uint64_t missed_before = missed(each, lost);
        each.pending.shed(before, lost);
        if (missed(each, lost) != missed_before) {
            log_drop(each.memberships.front().in->of->name, each);
        }
        if (each.pending.dropped() > dropped) {
            wake_later(each);
        }
        oldest = std::min(oldest, each.pending.oldest());
    }
    all_counts_->add(0, 0, lost);
    const bool is_waited_for = round_.exchange(round::none) == round::waited_for;
    const std::shared_ptr<shed_listener> listener = is_waited_for ? listener_.lock() : nullptr;
    if (listener) {
        listener->shard_has_shed(oldest, !residents_.empty());
    }
}

void shard::wake_later(subscriber& who) noexcept {
    if (!who.to_wake::is_linked()) {
        to_wake_.push_back(who);
    }
}

void shard::wake_in_turn(subscriber& who) noexcept {
    if (!who.to_wake::is_linked()) {
        behind_.push_back(who);
        owe_drain();
    }
}

/// What one throws must not keep the others from theirs.
void shard::wake(subscriber& who) noexcept {
    try {
        who.wake();
    } catch (...) {
        failure_ = std::current_exception();
    }
}

void shard::log_drop(std::string_view topic, subscriber& who) const noexcept {
    if (!std::exchange(who.drop_logged, true)) {
        log_line line;
        line << "subscriber " << who.id << " of topic " << quoted_name{topic}
             << " is full and misses events; further ones are counted only";
        (*log_)(severity::warning, line.text());
    }
}

} // namespace crier::detail
