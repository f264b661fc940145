#include "arrivals.hpp"

#include "async/persistently.hpp"
#include "numbered_frame.hpp"
#include "waking.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace crier::detail {

/// One entry on its way to its topic.
struct arrivals::arrival {
    std::string_view topic;
    const journal_record& entry;
    frame content;
    std::shared_ptr<const last_value> value; ///< to be compared with the next one
};

arrivals::arrivals(manager_core& of, journal_health& health, action act)
    : of_{of}, health_{health}, act_{std::move(act)} {
    of_.shared->listen(this);
}

void arrivals::expect(const topic* of, std::uint64_t sequence) noexcept {
    if (of != nullptr && of->is_followed && of->arrived < sequence) {
        expected_ = std::max(expected_, sequence);
    }
}

void arrivals::await_expected(
    std::unique_lock<std::mutex>& lock, std::chrono::steady_clock::time_point until) noexcept {
    moved_.wait_until(lock, until, [this] { return of_.sequence >= expected_; });
}

/// The topic, if the entry of that number is still to come to it.
topic* arrivals::awaiting(std::string_view name, std::uint64_t sequence) const noexcept {
    topic* const to = of_.topics.find(name);
    return to != nullptr && to->is_followed && to->arrived < sequence ? to : nullptr;
}

void arrivals::note_position(topic& of, std::uint64_t sequence) noexcept {
    of.arrived = sequence;
    of_.sequence = std::max(of_.sequence, sequence);
    moved_.notify_all();
}

void arrivals::followed(std::string_view name, std::uint64_t through) {
    owed_drains owed;
    std::unique_lock lock{of_.guard};
    topic* const to = of_.topics.find(name);
    if (to == nullptr || !to->is_asked_for) {
        return;
    }
    if (to->is_followed) { // and begins anew
        const std::uint64_t arrived = to->arrived;
        lock.unlock();
        missed(name, arrived, through);
        return;
    }
    to->follow(through);
    note_position(*to, through);
    wake_all(to->awaiting, owed);
}

void arrivals::arrived(std::string_view name, const journal_record& entry) {
    persistently([&] {
        arrival what{name, entry, {}, {}};
        if (entry.action == journal_action::publish) {
            what.content =
                numbered_frame(entry, {of_.epoch, entry.sequence}, of_.options.ids, of_.account());
        }
        if (entry.only_changes) {
            what.value = std::make_shared<const last_value>(last_value{{}, entry.text});
        }
        bring(what);
    });
}

void arrivals::bring(const arrival& what) {
    owed_drains owed;
    deliveries ready;
    std::unique_lock lock{of_.guard};
    topic* const to = find_and_fill(
        ready, lock, of_.account(), [&] { return awaiting(what.topic, what.entry.sequence); });
    if (to == nullptr) {
        return;
    }
    if (what.entry.action == journal_action::publish) {
        deliver(what, *to, ready, owed);
    } else {
        note_position(*to, what.entry.sequence);
        act_(what.entry.action, what.topic, what.entry.key, owed);
    }
}

void arrivals::deliver(const arrival& what, topic& to, deliveries& by, owed_drains& owed) {
    const owed_review at_end{of_.reviews, to, owed};
    const std::uint64_t sequence = what.entry.sequence;
    const bool is_admitted =
        of_.keep(to, {sequence, what.content, clock::now()}, what.entry.has_own_id, owed);
    // From here on nothing throws.
    to.counts->published.fetch_add(1, std::memory_order_relaxed);
    fan_out(by, to,
        {.content = is_admitted ? &what.content : nullptr,
            .id = {of_.epoch, sequence},
            .is_repeated = what.value && to.last && *to.last == *what.value,
            .is_late = sequence < of_.sequence || sequence <= of_.furthest_resumed,
            .last = of_.sequence},
        owed);
    to.last = is_admitted ? what.value : nullptr;
    note_position(to, sequence);
}

void arrivals::missed(std::string_view name, std::uint64_t after, std::uint64_t through) noexcept {
    persistently([&] {
        owed_drains owed;
        deliveries ready;
        std::unique_lock lock{of_.guard};
        topic* const to =
            find_and_fill(ready, lock, of_.account(), [&] { return awaiting(name, through); });
        if (to == nullptr) {
            return;
        }
        to->miss(frame{}, through);
        fan_out(ready, *to,
            {.content = nullptr,
                .id = {of_.epoch, std::max(after, to->arrived) + 1},
                .last = std::max(through, of_.sequence)},
            owed);
        to->last_publish = through;
        to->last = nullptr;
        note_position(*to, through);
    });
}

} // namespace crier::detail
