#include "journaling.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace crier::detail {

journaling::journaling(std::shared_ptr<journal> in, const outbox_limits& most, surroundings of)
    : in_{std::move(in)},
      of_{std::move(of)},
      told_of_{of_.newest},
      known_{of_.newest},
      outbox_{most},
      reader_{in_, of_.guard, of_.account, of_.log},
      writer_{in_, of_.guard, outbox_, *this, of_.log} {}

bool journaling::may_number() noexcept {
    constexpr std::uint64_t tell_after = 100'000;
    constexpr std::uint64_t most = 800'000; // a journal sets a million aside
    if (of_.newest - told_of_ >= tell_after) {
        try {
            turn telling;
            telling.number = of_.newest;
            add(std::move(telling));
            told_of_ = of_.newest;
        } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): the next one tries
        }
    }
    return of_.newest - known_ < most;
}

void journaling::add(outgoing&& published) {
    topic& to = *published.to;
    const std::uint64_t number = published.id.sequence;
    outbox_.push(std::move(published));
    told_of_ = number;
    ++to.pending;
    writer_.wake();
}

void journaling::add(turn&& of) {
    outgoing what;
    what.instead = std::make_unique<turn>(std::move(of));
    outbox_.push(std::move(what));
    writer_.wake();
}

void journaling::end() noexcept {
    constexpr std::chrono::seconds longest{1};
    writer_.end(clock::now() + longest);
}

journal_stats journaling::stats() const noexcept {
    journal_stats is;
    is.waiting = outbox_.waits();
    is.lag = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now() - outbox_.oldest());
    is.away_since = writer_.away_since();
    is.state = is.away_since ? journal_state::unavailable : journal_state::connected;
    return is;
}

void journaling::join() noexcept {
    writer_.join();
    reader_.join();
    in_->end();
}

/// Where it throws, it is called again.
void journaling::written(outgoing& one, boost::system::error_code error) {
    owed_drains owed;
    deliveries ready;
    std::unique_lock lock{of_.guard};
    if (one.instead) {
        if (one.instead->act) {
            one.instead->act(owed);
        }
        known_ = std::max(known_, one.instead->number);
    } else {
        topic* to = &open(one);
        while (!error && ready.size() < to->lanes.size()) {
            const std::size_t lanes = to->lanes.size();
            lock.unlock();
            while (ready.size() < lanes) {
                ready.push_back(delivery_ptr{new delivery{of_.account}});
            }
            lock.lock();
            to = &open(one);
        }
        settle(one, *to, ready, error.failed(), owed);
    }
    outbox_.settle(one);
    lock.unlock();
    if (one.then) {
        tell(one.then, error, one.id);
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
            of_.begins_anew(to);
        }
        of_.topics.note_use(to);
        fan_out(by, to, one.content, one.id, one.is_repeated, owed);
    }
    known_ = one.id.sequence;
    --one.to->pending;
    of_.reviews.review(to, owed);
}

void journaling::all_written() noexcept {
    owed_drains owed;
    const std::lock_guard lock{of_.guard};
    of_.at_end(owed);
}

} // namespace crier::detail
