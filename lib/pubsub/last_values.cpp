#include "last_values.hpp"

namespace crier::detail {
namespace {

/// What a record takes in both indices, beside its frame.
constexpr std::size_t node_size = heap_size(sizeof(record) + 6 * sizeof(void*));

} // namespace

last_values::~last_values() { account_->remove(records_.size() * node_size); }

void last_values::put(const record& added) {
    auto& by_key = records_.get<1>();
    const auto known = by_key.find(key_of(added));
    if (known != by_key.end()) {
        by_key.modify(known, [&added](record& kept) { kept = added; });
        return;
    }
    records_.insert(added);
    account_->add(node_size);
    if (records_.size() > most_) {
        evict_oldest();
    }
}

void last_values::restore(const record& older) {
    if (!records_.get<1>().contains(key_of(older))) {
        put(older);
    }
}

template <class Index, class Iterator>
void last_values::evict(Index& from, Iterator at) noexcept {
    evicted_through_ = std::max(evicted_through_, at->sequence);
    from.erase(at);
    account_->remove(node_size);
}

void last_values::evict_oldest() noexcept { evict(records_.get<0>(), records_.begin()); }

void last_values::evict(std::string_view key) noexcept {
    auto& by_key = records_.get<1>();
    if (const auto known = by_key.find(key); known != by_key.end()) {
        evict(by_key, known);
    }
}

void last_values::miss(std::string_view key, std::uint64_t sequence) noexcept {
    evict(key);
    evicted_through_ = sequence;
}

const record* last_values::first_after(std::uint64_t sequence) const noexcept {
    const auto found = records_.upper_bound(sequence);
    return found == records_.end() ? nullptr : &*found;
}

} // namespace crier::detail
