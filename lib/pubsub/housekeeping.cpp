#include "async/within_years.hpp"
#include "core.hpp"
#include "shedding.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace crier::detail {

namespace asio = boost::asio;

namespace {

/// What a topic takes that keeps something, roughly: millions of them may each keep very little.
std::size_t size_of(const topic& kept) noexcept {
    return sizeof(topic) + sizeof(counters) + 2 * kept.name.size() + 1024;
}

} // namespace

/// Ends a topic without subscribers, or what of it is over, and looks again when more may be.
void core::review(const std::shared_ptr<topic>& idle, clock::time_point now) {
    if (idle->due) {
        due_.erase(*idle->due);
        idle->due.reset();
    }
    if (idle->subscribers > 0) {
        return;
    }
    auto next = clock::time_point::max();
    if (idle->polling) {
        const auto stop_at = idle->left_at + within_years(idle->polling->linger);
        if (now >= stop_at) {
            stop_polling(*idle);
        } else {
            next = stop_at;
        }
    }
    if (idle->keeps_something() && idle->as.history.age.count() > 0) {
        const auto forget_at =
            std::max(idle->used_at, idle->left_at) + within_years(idle->as.history.age);
        if (now <= forget_at) {
            next = std::min(next, forget_at + clock::duration{1});
        } else if (!idle->polling) {
            retire(idle);
            return;
        }
    } else if (!idle->keeps_something() && !idle->polling) {
        retire(idle);
        return;
    }
    if (next != clock::time_point::max()) {
        const bool is_first = due_.empty() || next < due_.begin()->first;
        idle->due = due_.emplace(next, idle);
        if (is_first) {
            wait_for_due();
        }
    }
}

void core::review_due() {
    const clock::time_point now = clock::now();
    while (true) {
        // One at a time: publishers wait for the lock, and a history may be long.
        const std::lock_guard lock{mutex_};
        if (due_.empty() || due_.begin()->first > now) {
            return;
        }
        const std::shared_ptr<topic> idle = due_.begin()->second;
        review(idle, now);
    }
}

/// Sets the timer, on the strand.
void core::wait_for_due() {
    asio::post(own_shard_->get_executor(), [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->set_due_timer();
        }
    });
}

void core::set_due_timer() {
    std::unique_lock lock{mutex_};
    const bool waits = !due_.empty();
    is_timing_ = waits;
    const clock::time_point next = waits ? due_.begin()->first : clock::time_point{};
    lock.unlock();
    if (!waits) {
        due_timer_.cancel();
        return;
    }
    due_timer_.expires_at(next);
    due_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = error ? nullptr : weak.lock();
        if (self) {
            self->review_due();
            self->set_due_timer();
        }
    });
}

void core::touch(topic& used) {
    if (used.recency) {
        by_use_.splice(by_use_.end(), by_use_, *used.recency);
    } else if (used.keeps_something()) {
        used.recency = by_use_.insert(by_use_.end(), &used);
        memory_->add(size_of(used));
    }
}

void core::forget_use(topic& used) {
    if (used.recency) {
        by_use_.erase(*used.recency);
        used.recency.reset();
        memory_->remove(size_of(used));
    }
}

/// Lets the oldest event go of the topic that was used least recently. Tells whether there was a
/// topic. The one that is published to does not end by it.
bool core::evict_one(const topic& but) {
    if (by_use_.empty()) {
        return false;
    }
    topic& least = *by_use_.front();
    // What it kept may have gone already, by its age for instance.
    if (!least.kept.empty()) {
        least.kept.evict_oldest();
    } else if (least.values && !least.values->empty()) {
        least.values->evict_oldest();
    }
    if (least.keeps_something()) {
        return true;
    }
    forget_use(least);
    if (&least != &but) {
        const std::shared_ptr<topic> emptied = topics_.find(least.name)->second;
        review(emptied, clock::now());
    }
    return true;
}

/// Keeps to the memory limit: the histories go first, then subscribers miss what is the oldest.
/// Tells whether there is room for an event that is counted already.
bool core::has_room(const topic& to, const frame& added, posts& owed) {
    const std::size_t limit = options_.memory_limit;
    if (memory_->used() > limit && added.text().size() > limit) {
        return false; // nobody is to make room for what has none
    }
    while (memory_->used() > limit && evict_one(to)) {
    }
    if (memory_->used() > limit && !is_shedding_) {
        // Nothing waits any more of what had to go the last time.
        shed(shed_before_, owed);
    }
    if (memory_->used() > limit + limit / 32) {
        go_on_without_the_late();
    }
    // A little over the limit is for what is on its way while others make room. Where that is not
    // enough, all is refused until they have: small events that still fit would tear the gaps, and
    // the items that tell of them, into pieces without end.
    const std::size_t used = memory_->used();
    is_refusing_ = used > limit && (is_refusing_ || used > limit + limit / 16);
    return !is_refusing_;
}

/// Begins a round: of all that may wait since the oldest event, the half is the next to go, by the
/// numbers.
void core::shed(std::uint64_t oldest, posts& owed) {
    is_shedding_ = true;
    shed_before_ = oldest + (sequence_ - oldest) / 2 + 1;
    auto over = [weak = weak_from_this(), strand = own_shard_->get_executor()](
                    std::uint64_t still) {
        asio::post(strand, [weak, still] {
            if (const auto self = weak.lock()) {
                self->on_shed(still);
            }
        });
    };
    const auto round = std::make_shared<shedding>(std::move(over));
    round_ = round;
    for (const std::shared_ptr<shard>& each : shards()) {
        if (each->push(inbox::shed{shed_before_, counts_, round})) {
            owed.push_back(each);
        }
    }
}

/// Where some shards have made room meanwhile, and others have not even begun to, their executors
/// stand still: what waits to reach them goes by its numbers too, and nobody waits for them.
void core::go_on_without_the_late() {
    const auto round = round_.lock();
    if (round && round->has_answer) {
        for (const std::shared_ptr<shard>& each : shards()) {
            each->withdraw();
        }
    }
}

/// After a round, in which the oldest event that still waits was found.
void core::on_shed(std::uint64_t oldest) {
    posts owed;
    std::unique_lock lock{mutex_};
    const std::size_t enough = options_.memory_limit - options_.memory_limit / 8;
    if (memory_->used() <= enough || oldest > sequence_ || shut_down_) {
        is_shedding_ = false;
        return;
    }
    shed(oldest, owed);
    lock.unlock();
    post_drains(owed);
}

} // namespace crier::detail
