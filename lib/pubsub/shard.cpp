#include "shard.hpp"

#include "escaped.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>

namespace crier::detail {

bool shard::push(item what) {
    const std::lock_guard lock{mutex_};
    inbox_.push_back(std::move(what));
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
    if (failure) {
        std::rethrow_exception(failure);
    }
}

void shard::take(arrival& what) {
    const entry_ptr shared{new entry{std::move(what.content)}};
    std::uint64_t delivered = 0;
    std::uint64_t dropped = 0;
    for (const std::shared_ptr<subscriber>& member : what.in->members) {
        if (member->joined < what.only_since) {
            continue;
        }
        if (!member->pending.offer(shared)) {
            ++dropped;
            log_drop(*what.in, *member);
            continue;
        }
        ++delivered;
        if (!std::exchange(member->dirty, true)) {
            dirty_.push_back(member.get());
        }
    }
    for (counters* counts : {what.in->topic_counts.get(), what.in->all_counts.get()}) {
        counts->delivered.fetch_add(delivered, std::memory_order_relaxed);
        counts->dropped.fetch_add(dropped, std::memory_order_relaxed);
        counts->bytes.fetch_add(
            delivered * shared->content.text().size(), std::memory_order_relaxed);
    }
}

void shard::take(join& what) {
    what.who->places.push_back({what.in.get(), what.in->members.size()});
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

void shard::log_drop(const lane& in, subscriber& who) const {
    if (!std::exchange(who.drop_logged, true)) {
        (*log_)(severity::warning, "subscriber " + std::to_string(who.id) + " of topic " +
                                       escaped(in.topic) +
                                       " is full and misses events; further ones are counted only");
    }
}

} // namespace crier::detail
