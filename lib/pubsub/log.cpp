#include "log.hpp"

#include "async/within_years.hpp"
#include "wire/frame_access.hpp"

#include <algorithm>
#include <utility>

namespace crier::detail {

void log::limit(const history_limits& limits) noexcept {
    limits_ = limits;
    while (is_over()) {
        evict_oldest();
    }
}

void log::hold(std::size_t events, std::size_t bytes) noexcept {
    if (limits_.events == 0) {
        limits_.age = std::chrono::milliseconds{0};
    }
    limits_.events = std::max(limits_.events, events);
    limits_.bytes = std::max(limits_.bytes, bytes);
}

void log::append(record added, bool has_own_id) {
    if (!keeps()) {
        miss(added.sequence);
        return;
    }
    if (has_own_id) {
        own_ids_.emplace(id_in(added.content), added.sequence);
    }
    const clock::time_point now = added.at;
    bytes_ += added.content.text().size();
    records_.push_back(std::move(added));
    while (is_over()) {
        evict_oldest();
    }
    evict_until(now);
}

void log::miss(std::uint64_t sequence) noexcept {
    while (!records_.empty()) {
        evict_oldest();
    }
    evicted_through_ = sequence;
}

bool log::is_over() const noexcept {
    return records_.size() > at_least_ &&
           (records_.size() > limits_.events || bytes_ > limits_.bytes);
}

void log::evict_until(clock::time_point now) noexcept {
    while (limits_.age.count() > 0 && records_.size() > at_least_ &&
           now - records_.front().at > within_years(limits_.age)) {
        evict_oldest();
    }
}

void log::evict_oldest() noexcept {
    const record& oldest = records_.front();
    evicted_through_ = oldest.sequence;
    bytes_ -= oldest.content.text().size();
    const auto own = own_ids_.empty() ? own_ids_.end() : own_ids_.find(id_in(oldest.content));
    if (own != own_ids_.end() && own->second == oldest.sequence) {
        own_ids_.erase(own);
    }
    records_.pop_front();
}

const record* log::first_after(std::uint64_t sequence) const noexcept {
    const auto found = std::ranges::upper_bound(records_, sequence, {}, &record::sequence);
    return found == records_.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> log::find(std::string_view own_id) const {
    const auto found = own_ids_.find(own_id);
    return found == own_ids_.end() ? std::nullopt : std::optional{found->second};
}

void last_values::put(record added) {
    erase(added.key);
    const std::uint64_t sequence = added.sequence;
    const auto put = by_sequence_.emplace(sequence, std::move(added)).first;
    by_key_.emplace(put->second.key, sequence);
    if (by_sequence_.size() > most_) {
        evict_oldest();
    }
}

void last_values::erase(std::string_view key) noexcept {
    if (const auto known = by_key_.find(key); known != by_key_.end()) {
        const std::uint64_t replaced = known->second;
        by_key_.erase(known);
        by_sequence_.erase(replaced);
    }
}

void last_values::evict_oldest() noexcept {
    const auto oldest = by_sequence_.begin();
    by_key_.erase(oldest->second.key);
    by_sequence_.erase(oldest);
}

const record* last_values::first_after(std::uint64_t sequence) const noexcept {
    const auto found = by_sequence_.upper_bound(sequence);
    return found == by_sequence_.end() ? nullptr : &found->second;
}

} // namespace crier::detail
