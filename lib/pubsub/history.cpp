#include "history.hpp"

#include "wire/frame_access.hpp"

#include <algorithm>
#include <utility>

namespace crier::detail {
namespace {

/// What a record takes beside its frame, and an id in its index.
constexpr std::size_t record_size = sizeof(record);
constexpr std::size_t first_block_size = heap_size(480) + heap_size(64);
constexpr std::size_t own_id_size = heap_size(56);

} // namespace

history::~history() {
    account_->remove(room_ + records_.size() * record_size + own_ids_.size() * own_id_size);
}

void history::limit(const history_limits& limits) noexcept {
    limits_ = limits;
    evict(clock::time_point::min());
}

void history::hold(std::size_t events, std::size_t bytes) noexcept {
    if (limits_.events == 0) {
        limits_.age = std::chrono::milliseconds{0};
    }
    limits_.events = std::max(limits_.events, events);
    limits_.bytes = std::max(limits_.bytes, bytes);
}

void history::append(record added, bool has_own_id) {
    const std::size_t size = added.content.text().size();
    records_.push_back(std::move(added));
    if (has_own_id) {
        try {
            own_ids_.emplace(id_in(records_.back().content), records_.back().sequence);
        } catch (...) {
            records_.pop_back();
            throw;
        }
        account_->add(own_id_size);
    }
    bytes_ += size;
    account_->add(record_size + (first_block_size - std::exchange(room_, first_block_size)));
}

void history::take_back_newest() noexcept {
    uncount(records_.back());
    records_.pop_back();
}

void history::evict(clock::time_point now) noexcept {
    const auto is_over = [this] {
        return records_.size() > at_least_ &&
               (records_.size() > limits_.events || bytes_ > limits_.bytes);
    };
    const auto is_old = [this, now] {
        return records_.size() > at_least_ && limits_.age.count() > 0 &&
               now > records_.front().at + limits_.age;
    };
    while (is_over() || is_old()) {
        evict_oldest();
    }
}

void history::evict_oldest() noexcept {
    evicted_through_ = records_.front().sequence;
    uncount(records_.front());
    records_.pop_front();
}

void history::uncount(const record& gone) noexcept {
    bytes_ -= gone.content.text().size();
    account_->remove(record_size);
    if (own_ids_.empty()) {
        return;
    }
    if (own_ids_.erase({id_in(gone.content), gone.sequence}) > 0) {
        account_->remove(own_id_size);
    }
}

void history::miss(std::uint64_t sequence) noexcept {
    while (!records_.empty()) {
        evict_oldest();
    }
    evicted_through_ = sequence;
}

const record* history::first_after(std::uint64_t sequence) const noexcept {
    const auto found = std::ranges::upper_bound(records_, sequence, {}, &record::sequence);
    return found == records_.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> history::find(std::string_view own_id) const noexcept {
    const auto oldest = own_ids_.lower_bound({own_id, 0});
    return oldest == own_ids_.end() || oldest->first != own_id ? std::nullopt
                                                               : std::optional{oldest->second};
}

} // namespace crier::detail
