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

template <class Index, class Iterator>
void last_values::remove(Index& from, Iterator at) noexcept {
    from.erase(at);
    account_->remove(node_size);
}

void last_values::erase(std::string_view key) noexcept {
    auto& by_key = records_.get<1>();
    if (const auto known = by_key.find(key); known != by_key.end()) {
        remove(by_key, known);
    }
}

void last_values::evict_oldest() noexcept { remove(records_.get<0>(), records_.begin()); }

const record* last_values::first_after(std::uint64_t sequence) const noexcept {
    const auto found = records_.upper_bound(sequence);
    return found == records_.end() ? nullptr : &*found;
}

} // namespace crier::detail
