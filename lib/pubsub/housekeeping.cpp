#include "core.hpp"
#include "within_years.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace crier::detail {

namespace asio = boost::asio;

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
    }
}

/// Lets the oldest event go of the topic that was used least recently. Tells whether there was one.
bool core::evict_one() {
    while (!by_use_.empty()) {
        topic& least = *by_use_.front();
        const bool has_one = least.keeps_something();
        if (!least.kept.empty()) {
            least.kept.evict_oldest();
        } else if (has_one) {
            least.values->evict_oldest();
        }
        if (!least.keeps_something()) {
            by_use_.pop_front();
            least.recency.reset();
            const std::shared_ptr<topic> emptied = topics_.find(least.name)->second;
            review(emptied, clock::now());
        }
        if (has_one) {
            return true;
        }
    }
    return false;
}

/// Keeps to the memory limit: the histories go first, then subscribers miss what is the oldest.
void core::make_room(posts& owed) {
    while (memory_->used() > options_.memory_limit && evict_one()) {
    }
    if (memory_->used() > options_.memory_limit && !is_shedding_) {
        shed(0, owed);
    }
}

void core::shed(std::uint64_t before, posts& owed) {
    is_shedding_ = true;
    auto over = [weak = weak_from_this(), strand = own_shard_->get_executor()](
                    std::uint64_t oldest) {
        asio::post(strand, [weak, oldest] {
            if (const auto self = weak.lock()) {
                self->on_shed(oldest);
            }
        });
    };
    const auto round = std::make_shared<shedding>(before, counts_, std::move(over));
    for (const std::weak_ptr<shard>& each : shards_) {
        const auto known = each.lock();
        if (known && known->push(shard::shed{round})) {
            owed.push_back(known);
        }
    }
    if (own_shard_->push(shard::shed{round})) {
        owed.push_back(own_shard_);
    }
}

/// After a round, in which the oldest event that still waits was found: the half of all that waits,
/// by their numbers, is the next to go.
void core::on_shed(std::uint64_t oldest) {
    posts owed;
    std::unique_lock lock{mutex_};
    const std::size_t enough = options_.memory_limit - options_.memory_limit / 8;
    if (memory_->used() <= enough || oldest > sequence_ || shut_down_) {
        is_shedding_ = false;
        return;
    }
    shed(oldest + (sequence_ - oldest) / 2 + 1, owed);
    lock.unlock();
    post_drains(owed);
}

} // namespace crier::detail
