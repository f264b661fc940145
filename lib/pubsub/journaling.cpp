#include "journaling.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace crier::detail {

journaling::journaling(manager_core& of, hooks by)
    : of_{of},
      by_{std::move(by)},
      told_of_{of_.sequence},
      known_{of_.sequence},
      outbox_{of_.options.outbox},
      health_{of_.guard, of_.log},
      reader_{of_},
      writer_{of_, outbox_, *this, health_} {
    if (of_.shared != nullptr) {
        of_.topics.hand_retired_to(&writer_.retired());
        arrivals_.emplace(of_, health_, by_.act);
    }
}

journaling::~journaling() {
    join();
    of_.topics.hand_retired_to(nullptr);
}

bool journaling::may_number() noexcept {
    constexpr std::uint64_t tell_after = 100'000;
    constexpr std::uint64_t most = 800'000; // a journal sets a million aside
    if (of_.sequence - told_of_ >= tell_after) {
        try {
            turn telling;
            telling.number = of_.sequence;
            add(std::move(telling));
            told_of_ = of_.sequence;
        } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): the next one tries
        }
    }
    return of_.sequence - known_ < most;
}

void journaling::add(outgoing&& published, owed_wake& owed) {
    const topic_ptr to = published.to;
    const std::uint64_t number = published.id.sequence;
    if (outbox_.push(std::move(published))) {
        owed.add(writer_);
    }
    if (to) {
        told_of_ = number;
        ++to->pending;
    }
}

void journaling::add(turn&& of) {
    outgoing what;
    what.instead = std::make_unique<turn>(std::move(of));
    if (outbox_.push(std::move(what))) {
        writer_.wake();
    }
}

void journaling::follow(topic& begun) {
    turn following;
    following.follows = &begun;
    add(std::move(following));
    begun.is_to_be_followed = true;
}

void journaling::end() noexcept {
    constexpr std::chrono::seconds longest{1};
    writer_.end(std::chrono::steady_clock::now() + longest);
}

journal_stats journaling::stats() const noexcept {
    journal_stats is;
    is.state = health_.state();
    is.waiting = outbox_.waits();
    is.lag = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now() - outbox_.oldest());
    is.away_since = health_.away_since();
    return is;
}

void journaling::join() noexcept {
    writer_.join();
    reader_.join();
    of_.options.journal->end();
    if (arrivals_) {
        arrivals_->end();
    }
}

/// Where it throws, it is called again.
void journaling::written(outgoing& one, boost::system::error_code error) {
    owed_drains owed;
    deliveries ready;
    std::unique_lock lock{of_.guard};
    if (one.instead) {
        turn_came(*one.instead, error.failed(), owed);
    } else if (one.shared) {
        sent(one, error.failed());
    } else {
        topic* const to = error
                            ? &open(one)
                            : find_and_fill(ready, lock, of_.account(), [&] { return &open(one); });
        settle(one, *to, ready, error.failed(), owed);
    }
    outbox_.settle(one);
    lock.unlock();
    if (one.then) {
        tell(one.then, error, one.id);
    }
}

void journaling::turn_came(const turn& whose, bool has_failed, owed_drains& owed) {
    if (whose.act) {
        whose.act(owed);
    }
    if (whose.follows && has_failed && !whose.follows->is_followed) {
        // Its streams stay open: what is published may be followed by other nodes.
        whose.follows->follow(of_.sequence);
        wake_all(whose.follows->awaiting, owed);
    }
    known_ = std::max(known_, whose.number);
}

/// It is delivered when it arrives.
void journaling::sent(const outgoing& one, bool is_refused) noexcept {
    if (is_refused) {
        refused_.fetch_add(1, std::memory_order_relaxed);
    } else {
        arrivals_->expect(of_.topics.find(one.shared->topic), one.id.sequence);
    }
}

/// Its topic, which may have been closed meanwhile, by who was before it.
topic& journaling::open(const outgoing& one) {
    topic& asked = *one.to;
    if (!asked.is_retired) {
        return asked;
    }
    topic* const known = of_.topics.find(asked.name);
    return known != nullptr ? *known
                            : of_.topics.open(asked.name, asked.settings, one.id.sequence - 1);
}

void journaling::settle(
    outgoing& one, topic& to, deliveries& by, bool is_refused, owed_drains& owed) {
    if (is_refused) {
        refused_.fetch_add(1, std::memory_order_relaxed);
        to.last = nullptr; // the same once more is no repetition
    } else {
        to.keep({one.id.sequence, one.content, clock::now()}, one.has_own_id);
        // From here on nothing throws.
        if (one.to->is_retired) {
            of_.closed.remove(to.name);
        }
        of_.topics.note_use(to);
        fan_out(
            by, to, {.content = &one.content, .id = one.id, .is_repeated = one.is_repeated}, owed);
    }
    known_ = one.id.sequence;
    --one.to->pending;
    of_.reviews.review(to, owed);
}

void journaling::all_written(std::chrono::steady_clock::time_point until) noexcept {
    owed_drains owed;
    std::unique_lock lock{of_.guard};
    if (arrivals_) {
        arrivals_->await_expected(lock, until);
    }
    by_.at_end(owed);
    reader_.wake_all_waiting(owed);
}

} // namespace crier::detail
