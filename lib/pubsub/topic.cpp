#include "topic.hpp"

#include "lifecycle.hpp"
#include "shard.hpp"
#include "waking.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace crier::detail {
namespace {

/// What a topic takes with its counts, its lane and its places in indices.
std::size_t size_of(const topic& counted) noexcept {
    constexpr std::size_t in_indices = 64;
    return heap_size(sizeof(topic)) + heap_size(sizeof(counters)) + heap_size(sizeof(lane)) +
           in_indices + (counted.name.size() > 15 ? heap_size(counted.name.size() + 1) : 0);
}

struct ending_streams final : task {
    ending_streams(lane* of, end_kind by) noexcept : in{of}, how{by} {}

    void run(shard& on) noexcept override { on.end(*in, how); }
    void release() noexcept override { delete this; }

    const boost::intrusive_ptr<lane> in;
    const end_kind how;
};

} // namespace

topic::topic(std::string called, topic_settings as, std::uint64_t opened_after,
    std::size_t keys_limit, const memory_account_ptr& account)
    : name{std::move(called)},
      settings{std::move(as)},
      since{opened_after},
      kept{since, settings.history, settings.retain == retention::newest ? 1U : 0U, account},
      account_{account} {
    if (settings.retain == retention::newest_per_key) {
        values.emplace(keys_limit, settings.is_journaled ? 0 : since, account);
    }
    is_loaded = !settings.is_journaled || settings.retain == retention::none;
    account_->add(size_of(*this));
}

topic::~topic() { account_->remove(size_of(*this)); }

void topic::keep(const record& added, bool has_own_id) {
    const bool is_in_history = kept.keeps();
    if (is_in_history) {
        kept.append(added, has_own_id);
    }
    if (values) {
        try {
            values->put(added);
        } catch (...) {
            if (is_in_history) {
                kept.take_back_newest();
            }
            throw;
        }
    }
    if (is_in_history) {
        kept.evict(added.at);
    } else {
        kept.miss(added.sequence);
    }
    used_at = added.at;
}

void topic::miss(const frame& denied, std::uint64_t sequence) noexcept {
    kept.miss(sequence);
    if (values) {
        values->miss(frame_access::key(denied), sequence);
    }
}

boost::intrusive_ptr<lane> topic::enter(const std::shared_ptr<shard>& on) {
    const auto known = lanes.find(on.get());
    boost::intrusive_ptr<lane> in{known == lanes.end() ? new lane : &*known};
    if (known == lanes.end()) {
        in->on = on;
        in->of = this;
        intrusive_ptr_add_ref(in.get());
        lanes.insert(*in);
    }
    ++in->subscribers;
    ++subscribers;
    return in;
}

void topic::leave(lane& left) noexcept {
    --subscribers;
    if (--left.subscribers == 0) {
        lanes.erase(lanes.iterator_to(left));
        left.on.reset();
        intrusive_ptr_release(&left);
    }
}

void topic::end_streams(end_kind how, owed_drains& owed) {
    std::vector<std::unique_ptr<ending_streams>> tasks;
    for (lane& each : lanes) {
        tasks.push_back(std::make_unique<ending_streams>(&each, how));
    }
    ++endings;
    ended_by = how;
    for (std::unique_ptr<ending_streams>& each : tasks) {
        const std::shared_ptr<shard>& to = each->in->on;
        owed.push(to, *each.release());
    }
}

void topic::shut_down(owed_drains& owed) noexcept {
    for (lane& each : lanes) {
        intrusive_ptr_add_ref(&each);
        owed.push(each.on, each);
    }
}

topic_stats topic::stats() const {
    topic_stats result;
    counts->copy_to(result);
    result.name = name;
    result.subscribers = subscribers;
    result.polled = polling != nullptr;
    result.history = kept.size();
    result.history_bytes = kept.bytes();
    return result;
}

void topic::sign(entry& event) const noexcept {
    event.topic = counts.get();
    if (settings.queue) {
        event.policy = settings.queue->overflow;
    }
}

void topic::forget(std::optional<std::string_view> key) noexcept {
    if (!key) {
        while (keeps_something()) {
            evict_oldest();
        }
    } else if (values) {
        values->evict(*key);
    }
    last = nullptr;
}

void topic::follow(std::uint64_t after) noexcept {
    is_followed = true;
    followed_after = arrived = after;
    kept.miss(after);
}

void topic::restore(const journal_piece& retained) {
    if (is_loaded) {
        return;
    }
    const std::uint64_t delivered = is_to_be_followed ? arrived : std::max(since, last_publish);
    for (const record& each : retained.records) {
        if (each.sequence > delivered) {
            continue; // all who are there get it yet
        }
        if (values) {
            values->restore(each);
        } else if (kept.empty()) {
            kept.append(each, false);
        }
    }
    if (values) {
        values->restore_evicted(retained.evicted_through);
    }
    is_loaded = true;
}

void topic::evict_oldest() noexcept {
    // What it kept may have gone already, by its age for instance.
    if (!kept.empty()) {
        kept.evict_oldest();
    } else if (values && !values->empty()) {
        values->evict_oldest();
    }
}

} // namespace crier::detail
