#include "shard.hpp"

#include "escaped.hpp"
#include "topic.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <limits>

namespace crier::detail {
namespace {

/// How much room an inbox keeps after a burst.
constexpr std::size_t most_kept_items = 4096;

} // namespace

subscriber::subscriber(const boost::asio::any_io_executor& executor, std::uint64_t number,
    const queue_limits& limits, bool tells_gaps)
    : id{number}, wake{executor}, pending{limits, tells_gaps} {}

subscriber::~subscriber() = default;

bool shard::push(item what) {
    const std::lock_guard lock{mutex_};
    ++run_of_refusals_;
    inbox_.push_back(std::move(what));
    return !std::exchange(drain_owed_, true);
}

bool shard::refuse(const std::shared_ptr<lane>& in, event_id id) {
    const std::lock_guard lock{mutex_};
    if (in->refused_in == run_of_refusals_) {
        auto& before = std::get<refusal>(inbox_[in->refused_at]);
        before.last = id;
        ++before.count;
    } else {
        in->refused_in = run_of_refusals_;
        in->refused_at = inbox_.size();
        inbox_.push_back(refusal{in, id, id, 1});
    }
    return !std::exchange(drain_owed_, true);
}

void shard::post_drain() {
    try {
        boost::asio::post(executor_, [self = shared_from_this()] { self->drain(); });
    } catch (...) {
        const std::lock_guard lock{mutex_};
        drain_owed_ = false;
        throw;
    }
}

void shard::drain() {
    {
        const std::lock_guard lock{mutex_};
        taken_.swap(inbox_);
        ++run_of_refusals_;
        drain_owed_ = false;
    }
    // A session resumes in here, and what its caller throws must not keep the others from theirs.
    std::exception_ptr failure;
    const auto attempt = [&failure](const auto& action) {
        try {
            action();
        } catch (...) {
            failure = std::current_exception();
        }
    };
    for (item& what : taken_) {
        attempt([&] { std::visit([this](auto& each) { this->take(each); }, what); });
    }
    // Only now, so that a session finds all that is there and writes it at once. It may end and go
    // meanwhile, but what keeps the subscriber is let go by a later drain, or stands in `taken_`.
    for (subscriber* const woken : dirty_) {
        woken->dirty = false;
        attempt([woken] { woken->wake.set(); });
    }
    dirty_.clear();
    // After the wake-ups, so that what came before the end is read before it.
    for (subscriber* const closed : closing_) {
        attempt([closed] { closed->wake.close(); });
    }
    closing_.clear();
    taken_.clear();
    if (taken_.capacity() > most_kept_items) {
        taken_.shrink_to_fit();
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

void shard::take(arrival& what) {
    const entry_ptr shared{new entry{std::move(what.content), what.id}};
    shared->topic = what.in->topic_counts.get();
    shared->key = std::move(what.key);
    std::uint64_t delivered = 0;
    drop_counts lost{};
    for (const std::shared_ptr<subscriber>& member : what.in->members) {
        if (member->joined < what.only_since) {
            continue;
        }
        const std::uint64_t before = member->pending.dropped();
        if (member->pending.offer(shared, lost)) {
            ++delivered;
            wake(*member);
        }
        if (member->pending.dropped() > before) {
            log_drop(what.in->topic, *member);
        }
        if (member->pending.overflowed()) {
            closing_.push_back(member.get());
        }
    }
    for (counters* counts : {what.in->topic_counts.get(), what.in->all_counts.get()}) {
        counts->add(delivered, delivered * shared->content.text().size(), lost);
    }
}

void shard::take(join& what) {
    what.who->places.push_back({what.in.get(), what.in->members.size()});
    if (!what.who->is_linked()) {
        residents_.push_back(*what.who);
    }
    what.in->members.push_back(std::move(what.who));
}

void shard::take(leave& what) {
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

void shard::take(end& what) {
    for (const std::shared_ptr<subscriber>& member : what.in->members) {
        member->shut_down = true;
        closing_.push_back(member.get());
    }
}

void shard::take(cut& what) {
    for (const std::shared_ptr<subscriber>& member : what.in->members) {
        closing_.push_back(member.get());
    }
}

void shard::take(refusal& what) {
    drop_counts lost{};
    for (const std::shared_ptr<subscriber>& member : what.in->members) {
        member->pending.miss(what.first, what.last, what.count, lost);
        log_drop(what.in->topic, *member);
        wake(*member);
    }
    for (counters* counts : {what.in->topic_counts.get(), what.in->all_counts.get()}) {
        counts->add(0, 0, lost);
    }
}

void shard::take(shed& what) {
    drop_counts lost{};
    std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
    for (subscriber& each : residents_) {
        if (each.pending.oldest() < what.round->before) {
            each.pending.shed(what.round->before, lost);
            log_drop(
                each.places.empty() ? std::string_view{} : each.places.front().in->topic, each);
            if (each.pending.overflowed()) {
                closing_.push_back(&each);
            }
        }
        oldest = std::min(oldest, each.pending.oldest());
    }
    what.round->all_counts->add(0, 0, lost);
    std::uint64_t known = what.round->oldest;
    while (oldest < known && !what.round->oldest.compare_exchange_weak(known, oldest)) {
    }
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
