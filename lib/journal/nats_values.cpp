#include "nats_values.hpp"

#include "nats_messages.hpp"

#include <algorithm>
#include <utility>

namespace crier::detail {

void nats_values::take(journal_record&& entry) {
    if (forgets_all(entry)) {
        forget_all(entry.sequence);
    } else if (entry.action == journal_action::forget && retain_ == retention::newest_per_key) {
        forget(entry.key);
    } else if (entry.action == journal_action::publish && retain_ != retention::none) {
        const std::uint64_t sequence = entry.sequence;
        const std::string key = retain_ == retention::newest ? std::string{} : entry.key;
        values_.emplace(sequence, std::move(entry));
        if (const std::uint64_t before = std::exchange(numbers_[key], sequence); before != 0) {
            values_.erase(before);
        }
        if (numbers_.size() > most_keys) {
            forget(std::string{values_.begin()->second.key});
        }
    }
}

bool nats_values::give(
    journal_page& to, std::uint64_t after, std::size_t events, std::size_t bytes) {
    std::size_t given = 0;
    for (auto at = values_.upper_bound(after); at != values_.end(); ++at) {
        if (to.records.size() >= events || (!to.records.empty() && given >= bytes)) {
            return false;
        }
        given += at->second.text.size();
        to.records.push_back(std::move(at->second));
    }
    return true;
}

void nats_values::forget(const std::string& key) {
    const auto found = numbers_.find(key);
    if (found != numbers_.end()) {
        forgotten_through_ = std::max(forgotten_through_, found->second);
        values_.erase(found->second);
        numbers_.erase(found);
    }
}

void nats_values::forget_all(std::uint64_t through) {
    forgotten_through_ = through;
    values_.clear();
    numbers_.clear();
}

} // namespace crier::detail
